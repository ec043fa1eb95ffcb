/** `pnpm bench nlp`: a tagging step beside PyTorch's, how much of batches is padding, and how long beam search takes. */
import { parseArgs } from 'node:util';
import { biLstm, tokenEmbedding, transformerEncoder } from '@espalier/backbones';
import { multiTaskModel } from '@espalier/core';
import {
  answerWindows,
  bucketOf,
  lengthBuckets,
  microWorldQuestions,
  microWorldTranslations,
  splitWords,
} from '@espalier/datasets';
import * as engine from '@espalier/engine';
import { sum } from '@espalier/losses';
import { crfTokenClassification, translation } from '@espalier/nlp-heads';
import { hardSharing } from '@espalier/sharing';
import { adam, byLength, Training } from '@espalier/trainer';
import type * as tf from '@tensorflow/tfjs-core';
import { type Budget, type Contestant, inTurns, repeat } from './in-turns.js';
import { median, seeded } from './numbers.js';
import { type Peer, PeerError, startPeer } from './peer.js';
import { pythonWith, sourceOf } from './python.js';
import { describeMachine, machineLine, markdownTable, writeJson } from './report.js';

const { values: options } = parseArgs({
  options: {
    peers: { type: 'boolean', default: false },
    json: { type: 'string' },
    rounds: { type: 'string', default: '7' },
    ms: { type: 'string', default: '500' },
    help: { type: 'boolean', default: false },
  },
});

const usage = `pnpm bench nlp [options]

  --peers      measure PyTorch too: installs it in a virtual environment with python3
  --json FILE  write the figures to FILE
  --rounds N   how many rounds of each, in turns; the median of them is shown (default 7)
  --ms N       how long a round is (default 500)
`;

const BATCH = 32;
const TOKENS = 32;
const WORDS = 5000;
const tags = ['O', 'B-PER', 'I-PER', 'B-LOC', 'I-LOC', 'B-ORG', 'I-ORG'] as const;

/** Traced steps (forward, gradients, Adam) of the BiLSTM with a CRF whose twin is in nlp_steps_in_pytorch.py. */
function taggingStep(): Contestant {
  const random = seeded(1);
  const model = multiTaskModel({
    inputShape: [null, 1],
    trunk: () => [tokenEmbedding({ words: WORDS, units: 100 }), biLstm({ units: 100 })],
    sharing: hardSharing(),
    heads: { ner: crfTokenClassification({ tags }) },
    seed: 1,
  });
  const pick = (count: number) => Math.floor(random() * count);
  const batch = model.batch(
    Array.from({ length: BATCH }, () => ({
      input: Float32Array.from({ length: TOKENS }, () => 1 + pick(WORDS)),
      labels: { ner: Array.from({ length: TOKENS }, () => tags[pick(tags.length)]!) },
    })),
  );
  const training = new Training(model, { optimizer: adam(), weighting: sum(), seed: 1 });
  let step = 0;
  return (ms) => repeat(() => training.step(batch, { step: ++step, epoch: 1, learningRate: 1e-3 }), ms);
}

interface Waste {
  readonly texts: string;
  /** The share of tokens that are padding, from 0 to 1: in batches by length, each as long as its longest, and padded to buckets. */
  readonly byLength: number;
  readonly buckets: number;
}

/** How much of an epoch's batches is padding. */
function wasteOf(texts: string, lengths: readonly number[]): Waste {
  const data = {
    length: lengths.length,
    at: (index: number) => ({ input: new Float32Array(lengths[index]!), labels: {} }),
  };
  const sampling = byLength<Record<string, never>>((index) => lengths[index]!).start(data, {
    batchSize: BATCH,
    seed: 1,
    tasks: [],
    stepsPerEpoch: Math.ceil(lengths.length / BATCH),
    epochs: 1,
  });
  let [read, computed] = [0, 0];
  for (let batch = 0; batch < Math.ceil(lengths.length / BATCH); batch++) {
    const own = sampling.next().map(({ index }) => lengths[index]!);
    read += own.reduce((total, length) => total + length, 0);
    computed += own.length * Math.max(...own);
  }
  const edges = lengthBuckets(lengths);
  const padded = lengths.reduce((total, length) => total + bucketOf(length, edges), 0);
  const all = lengths.reduce((total, length) => total + length, 0);
  return { texts, byLength: 1 - read / computed, buckets: 1 - all / padded };
}

function wastes(): Waste[] {
  const of = { split: 'train', count: 4000, seed: 1 } as const;
  const sentences = microWorldTranslations(of).map(({ source }) => splitWords(source).length);
  const windows = microWorldQuestions(of).flatMap((question) =>
    answerWindows(question, { longest: 64 }).map(({ tokens }) => tokens.length),
  );
  return [
    wasteOf('sentences of the micro-world', sentences),
    wasteOf('its questions and paragraphs', windows),
  ];
}

/** What a translation of one batch takes, in ms: the encoder once, and the search of so many beams. */
async function searchTimes(rounds: number) {
  const codec = {
    size: 500,
    encode: () => [1],
    decode: (numbers: readonly number[]) => numbers.join(' '),
  };
  const times = [];
  for (const beams of [1, 4]) {
    const model = multiTaskModel({
      inputShape: [null, 1],
      trunk: () => [
        tokenEmbedding({ words: 500, units: 96 }),
        ...transformerEncoder({ layers: 3, heads: 4, inner: 256, positions: 'rotary' }),
      ],
      sharing: hardSharing(),
      heads: { text: translation({ codec, longest: 20, units: 96, beams }) },
      seed: 1,
    });
    const random = seeded(2);
    const inputs = model.stack(
      Array.from({ length: BATCH }, () =>
        Float32Array.from({ length: 16 }, () => 1 + Math.floor(500 * random())),
      ),
    );
    const [encoder, search]: [number[], number[]] = [[], []];
    for (let round = 0; round <= rounds; round++) {
      const start = performance.now();
      const output = model.network.predict(inputs) as tf.Tensor;
      await output.data();
      const encoded = performance.now();
      await model.heads.text.decode(output, {
        layer: model.network.outputs[0]!.sourceLayer,
        training: false,
      });
      if (round > 0) {
        encoder.push(encoded - start);
        search.push(performance.now() - encoded);
      }
      output.dispose();
    }
    times.push({ beams, encoder: median(encoder), search: median(search) });
    inputs.dispose();
    model.dispose();
  }
  return times;
}

async function run(budget: Budget): Promise<void> {
  await engine.use('native');
  let peer: Peer | undefined;
  if (options.peers) {
    const python = await pythonWith('torchjd', 'torchjd[full]');
    peer = await startPeer(python, [sourceOf('nlp_steps_in_pytorch.py')]);
  }
  try {
    const own: Record<string, Contestant> = { traced: taggingStep() };
    if (peer !== undefined) {
      const { ask } = peer;
      own.pytorch = async (ms) => Number((await ask({ step: 'bilstm-crf', ms })).ms);
    }
    const timings = await inTurns(own, budget);
    const shown = (name: string) => {
      const timing = timings[name];
      if (timing === undefined) return '–';
      if ('error' in timing) throw new PeerError(`${name}: ${timing.error}`);
      return timing.ms.toPrecision(3);
    };
    const padding = wastes();
    const search = await searchTimes(budget.rounds);
    const machine = { ...describeMachine(), ...peer?.versions };
    console.log('# Language\n');
    console.log(`${machineLine(machine)}\n`);
    console.log(
      `A training step of a BiLSTM with a CRF (${WORDS} words × 100, 2 × 100 units, ${tags.length} tags; ${BATCH} sentences of ${TOKENS} ` +
        `tokens; Adam) in ms: the median of ${budget.rounds} rounds of ${budget.ms} ms, in turns.\n`,
    );
    const ratio = peer === undefined ? '–' : (Number(shown('traced')) / Number(shown('pytorch'))).toFixed(2);
    console.log(
      markdownTable(
        ['traced, native', 'PyTorch', 'traced / PyTorch (at most 1.5)'],
        [[shown('traced'), shown('pytorch'), ratio]],
      ),
    );
    console.log(`\nHow much of what is computed is padding, in batches of ${BATCH}; at most 15 %:\n`);
    const percent = (share: number) => `${(100 * share).toFixed(1)} %`;
    console.log(
      markdownTable(
        ['texts', 'batches by length', 'padded to buckets'],
        padding.map(({ texts, byLength: batches, buckets }) => [texts, percent(batches), percent(buckets)]),
      ),
    );
    console.log(
      `\nTranslating ${BATCH} texts of 16 tokens into up to 20, eagerly, in ms; the encoder runs once:\n`,
    );
    console.log(
      markdownTable(
        ['beams', 'encoder', 'search'],
        search.map(({ beams, encoder, search: ms }) => [
          `${beams}`,
          encoder.toPrecision(3),
          ms.toPrecision(3),
        ]),
      ),
    );
    if (options.json !== undefined) writeJson(options.json, { machine, step: timings, padding, search });
  } finally {
    peer?.stop();
  }
}

if (options.help) console.log(usage);
else await run({ rounds: Number(options.rounds), ms: Number(options.ms) });
