import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { disposeBatch, type ExampleOf } from '@espalier/core';
import { type Aggregator, aggregators, sum, type Weighting, weightings } from '@espalier/losses';
import {
  adamW,
  constant,
  type FitOptions,
  fit,
  mapData,
  NonFiniteLossError,
  sgd,
  Training,
} from '@espalier/trainer';
import { runFolder } from '@espalier/trainer/node';
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { expect, onTestFinished, test } from 'vitest';
import { own } from './own.js';
import { compose, composeOf, points, regularizedDense, type SideHeads } from './small-task.js';

const regularized = () => own(composeOf(() => [regularizedDense(8, 0.1)]));

/** Of 18 examples, the first 4 carry both labels, then some one of them, and the last 5 none. */
const all = points(18, 1);
const examples = Array.from({ length: 18 }, (_, index): ExampleOf<SideHeads> => {
  const { input, labels } = all.at(index);
  return {
    input,
    labels: {
      side: index < 6 || index === 10 ? labels.side : undefined,
      distance: index < 4 || (index > 6 && index < 13) ? labels.distance : undefined,
    },
  };
});

const methods: [string, { weighting?: Weighting; aggregator?: Aggregator }][] = [
  ['the sum', {}],
  ['uncertainty', { weighting: weightings.uncertainty() }],
  ['FAMO, which looks at the losses twice', { weighting: weightings.famo() }],
  ['GradNorm', { weighting: weightings.gradNorm() }],
  ['UPGrad', { aggregator: aggregators.upGrad() }],
  ['GradDrop, which needs the Jacobian', { aggregator: aggregators.gradDrop() }],
];

test.each(methods)('several batches make the update of one of all their examples: %s', async (_, method) => {
  const found = [];
  // Cut so that one batch lacks a task, and the last has no label at all.
  for (const cuts of [
    [0, 18],
    [0, 3, 6, 9, 13, 18],
  ]) {
    const model = regularized();
    const training = new Training(model, {
      optimizer: sgd({ momentum: 0.9 }),
      weighting: sum(),
      seed: 3,
      ...method,
    });
    const results = [];
    for (let step = 1; step <= 3; step++) {
      const batches = cuts.slice(1).map((end, part) => model.batch(examples.slice(cuts[part], end)));
      results.push(training.step(batches, { learningRate: 0.1, step, epoch: 1 }));
      batches.forEach(disposeBatch);
    }
    training.dispose();
    found.push({ results, weights: (await model.exportWeights()).weights });
  }
  const [whole, parts] = found;
  for (const [step, { losses, weights }] of whole.results.entries()) {
    for (const task of ['side', 'distance'] as const) {
      expect(parts.results[step].losses[task]).toBeCloseTo(losses[task]!, 5);
      expect(parts.results[step].weights[task]).toBeCloseTo(weights[task]!, 4);
    }
  }
  for (const [name, { values }] of whole.weights) {
    for (const [index, value] of values.entries()) {
      expect(parts.weights.get(name)!.values[index]).toBeCloseTo(value, 5);
    }
  }
});

const normalized = () =>
  own(composeOf(() => [tfl.layers.batchNormalization({ momentum: 0.9 }), tfl.layers.dense({ units: 4 })]));

const options = (more: Partial<FitOptions<SideHeads>> = {}): FitOptions<SideHeads> => ({
  data: points(48, 1, (index) => index % 3 > 0),
  epochs: 2,
  batchSize: 4,
  accumulate: 3,
  optimizer: adamW(),
  schedule: constant(0.02),
  weighting: sum(),
  seed: 5,
  ...more,
});

test('statistics of batch normalization go on from batch to batch, and once where losses are looked at twice', async () => {
  for (const weighting of [sum(), weightings.famo()]) {
    const model = normalized();
    const training = new Training(model, { ...options(), weighting });
    const batches = [0, 6].map((start) =>
      model.batch(Array.from({ length: 6 }, (_, i) => all.at(start + i))),
    );
    training.step(batches, { learningRate: 0, step: 1, epoch: 1 });
    batches.forEach(disposeBatch);
    training.dispose();
    const mean = (start: number) =>
      Array.from({ length: 6 }, (_, i) => all.at(start + i).input[0]).reduce((total, x) => total + x / 6, 0);
    const moving = (await model.exportWeights()).weights.get('stage0/moving_mean')!.values[0];
    expect(moving).toBeCloseTo(0.9 * 0.1 * mean(0) + 0.1 * mean(6), 6);
  }
});

test('a loss that is not finite in a later batch changes nothing', async () => {
  const model = normalized();
  const before = [...(await model.exportWeights()).weights];
  let drawn = 0;
  const data = mapData(points(48, 1), ({ input, labels }) => ({
    input,
    labels: { ...labels, distance: ++drawn === 10 ? Number.NaN : labels.distance },
  }));
  await expect(fit(model, options({ data }))).rejects.toThrow(NonFiniteLossError);
  expect([...(await model.exportWeights()).weights]).toEqual(before);
});

test('an epoch sees every example once, and no step leaves a tensor behind', async () => {
  const seen: number[] = [];
  const { at } = points(48, 1);
  const data = {
    length: 48,
    at(index: number) {
      seen.push(index);
      return at(index);
    },
  };
  const counts = new Set<number>();
  const records = await fit(
    normalized(),
    options({ data, epochs: 1, onStep: () => counts.add(tf.memory().numTensors) }),
  );
  expect(records).toHaveLength(4);
  expect(seen.sort((a, b) => a - b)).toEqual(Array.from({ length: 48 }, (_, index) => index));
  expect(counts.size).toBe(1);
});

test('broken off between two batches of a step, it goes on with the bit-identical losses, dropout included', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'espalier-accumulation-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  const model = () => own(compose(1, 0.3));
  const whole = await fit(model(), options());
  let drawn = 0;
  const data = mapData(options().data, (example) => {
    // The second batch of the sixth step.
    if (++drawn === 5 * 12 + 6) throw new Error('killed');
    return example;
  });
  const killed = fit(model(), options({ data, run: runFolder(folder, { everySteps: 1 }) }));
  await expect(killed).rejects.toThrow('killed');
  const again = await fit(model(), options({ run: runFolder(folder, { resume: true }) }));
  expect(again.map(({ losses }) => losses)).toEqual(whole.map(({ losses }) => losses));
});

test('every batch of a step draws its own dropout', () => {
  const model = own(compose(1, 0.5));
  const training = own(new Training(model, options()));
  const losses = (counts: number[]) => {
    const batches = counts.map(() => model.batch([all.at(0)]));
    const { side } = training.step(batches, { learningRate: 0, step: 1, epoch: 1 }).losses;
    batches.forEach(disposeBatch);
    return side;
  };
  expect(losses([1, 1])).not.toBeCloseTo(losses([1])!, 6);
  expect(losses([1, 1])).toBe(losses([1, 1]));
});
