import { type Heads, type MultiTaskModel, seededRandom } from '@espalier/core';
import type { TaggedSentence } from '@espalier/datasets/node';
import { type DataOf, evaluate, type FitOptions, fit, onlyTask } from '@espalier/trainer';
import { compose, heads } from './network.js';
import { byLength, labelled, type TaggingHeads } from './sentences.js';
import { recipe } from './settings.js';
import { learnedWords } from './words.js';

/** A network that learns to find entities, of which few are labelled. */
export interface FewLabels {
  /** Of how many of the sentences the entities are labelled, from 0 to 1. */
  readonly share: number;
  /** Whether it tags parts of speech too, with which all sentences are labelled. */
  readonly network: 'multi-task' | 'single-task';
  readonly seed: number;
  /** How often the multi-task network sees every sentence. The other one takes as many updates. */
  readonly epochs: number;
}

/** How many updates it took, and the F1 of the entities that it finds in other sentences. */
export interface Measured extends FewLabels {
  readonly updates: number;
  readonly f1: number;
}

export async function measure(
  cell: FewLabels,
  sentences: readonly TaggedSentence[],
  tested: readonly TaggedSentence[],
): Promise<Measured> {
  const { share, network, seed, epochs } = cell;
  // Both networks know the words of all sentences.
  const words = learnedWords(sentences);
  const chosen = someOf(sentences.length, share, seed);
  const test = labelled(byLength(tested), words.features);
  if (network === 'multi-task') {
    const train = labelled(sentences, words.features);
    const model = compose(heads, words, seed);
    const updates = await learn(model, { data: withEntities(train, chosen), epochs, seed });
    return { ...cell, updates, f1: await entityF1(model, test) };
  }
  const few = labelled(
    sentences.filter((_, index) => chosen.has(index)),
    words.features,
  );
  const matched = Math.round((epochs * batchesOf(sentences)) / batchesOf(few));
  const model = compose({ ner: heads.ner }, words, seed);
  const updates = await learn(model, { data: onlyTask(few, 'ner'), epochs: matched, seed });
  return { ...cell, updates, f1: await entityF1(model, onlyTask(test, 'ner')) };
}

/** Places of so many of the sentences; of a larger share, those of a smaller one too. */
function someOf(length: number, share: number, seed: number): ReadonlySet<number> {
  const random = seededRandom(seed);
  const drawn = Array.from({ length }, (_, index) => ({ index, draw: random() }));
  drawn.sort((a, b) => a.draw - b.draw);
  return new Set(drawn.slice(0, Math.max(Math.round(share * length), 1)).map(({ index }) => index));
}

function withEntities(data: DataOf<TaggingHeads>, chosen: ReadonlySet<number>): DataOf<TaggingHeads> {
  return {
    ...data,
    at(index) {
      const { input, labels } = data.at(index);
      return { input, labels: chosen.has(index) ? labels : { ...labels, ner: undefined } };
    },
  };
}

const batchesOf = ({ length }: { readonly length: number }) => Math.ceil(length / recipe.batchSize);

async function learn<H extends Heads>(
  model: MultiTaskModel<H>,
  options: Pick<FitOptions<H>, 'data' | 'epochs' | 'seed'>,
): Promise<number> {
  const steps = await fit(model, { ...recipe, ...options, sampler: recipe.sampler() });
  return steps.length;
}

async function entityF1<H extends Pick<TaggingHeads, 'ner'>>(
  model: MultiTaskModel<H>,
  test: DataOf<H>,
): Promise<number> {
  try {
    const { ner } = await evaluate(model, test, { batchSize: recipe.batchSize });
    return ner.F1;
  } finally {
    model.dispose();
  }
}
