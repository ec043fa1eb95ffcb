import type { Choices, Domain, Kind } from './choices.js';

const inputs: Readonly<Record<Domain, { inputShape: string; stage: string }>> = {
  vision: {
    inputShape: '28, 28, 1',
    stage: "tfl.layers.conv2d({ filters: 16, kernelSize: 3, activation: 'relu' })",
  },
  text: { inputShape: '32', stage: 'tfl.layers.embedding({ inputDim: 1000, outputDim: 16 })' },
  sound: {
    inputShape: '60, 32',
    stage: "tfl.layers.conv1d({ filters: 16, kernelSize: 5, activation: 'relu' })",
  },
};

const options: Readonly<Record<Kind, string>> = {
  classification: "{ classes: ['yes', 'no'] }",
  dense: "{ classes: ['yes', 'no'] }",
  sequence: "{ symbols: ['a', 'b'], longest: 3 }",
};

const demos: Readonly<Record<`${Domain}-${Kind}`, string>> = {
  'vision-classification': 'which digit was written?',
  'vision-dense': 'which pixels of a noisy picture are ink?',
  'vision-sequence': 'which number was written?',
  'text-classification': 'how many syllables has a word?',
  'text-dense': 'where do the words end in a text without spaces?',
  'text-sequence': 'which stress has each syllable of a word?',
  'sound-classification': 'which wave is a tone?',
  'sound-dense': 'when is there a tone in the noise?',
  'sound-sequence': 'which melody is played?',
};

const data: Readonly<Record<Domain, string>> = {
  vision: 'real digits of MNIST',
  text: 'real words of the CMU Pronouncing Dictionary',
  sound: 'tones that it makes itself',
};

/** What fills the template's README. */
export function readmeWords({ domain, kind }: Choices): Readonly<Record<string, string>> {
  return { ...inputs[domain], options: options[kind], demo: demos[`${domain}-${kind}`], data: data[domain] };
}
