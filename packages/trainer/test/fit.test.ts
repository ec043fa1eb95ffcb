import { disposeBatch } from '@espalier/core';
import { mean, sum, weighted, weightings } from '@espalier/losses';
import {
  adamW,
  constant,
  earlyStopping,
  type FitOptions,
  fit,
  InterruptedError,
  judgedTasks,
  mapData,
  NonFiniteLossError,
  type StepRecord,
  shuffled,
  Training,
  uniform,
} from '@espalier/trainer';
import * as tf from '@tensorflow/tfjs-core';
import { expect, onTestFinished, test } from 'vitest';
import { own } from './own.js';
import { compose, points, type SideHeads } from './small-task.js';

const options = (more: Partial<FitOptions<SideHeads>> = {}) => ({
  data: points(64, 1),
  epochs: 3,
  batchSize: 16,
  optimizer: adamW(),
  schedule: constant(0.02),
  weighting: sum(),
  seed: 5,
  ...more,
});
const lossesOf = (records: readonly StepRecord<SideHeads>[]) => records.map(({ losses }) => losses);

test('training makes every loss smaller', async () => {
  const records = await fit(own(compose()), options({ epochs: 20 }));
  const [first, last] = [records[0].losses, records[records.length - 1].losses];
  expect(last.side).toBeLessThan(first.side! / 3);
  expect(last.distance).toBeLessThan(first.distance! / 3);
});

test('the same seeds give the bit-identical sequence of losses, dropout included', async () => {
  const runs = [];
  for (const seed of [5, 5, 6]) runs.push(lossesOf(await fit(own(compose(1, 0.3)), options({ seed }))));
  expect(runs[0]).toEqual(runs[1]);
  expect(runs[0]).not.toEqual(runs[2]);
});

test('no step leaves a tensor behind, nor does the training', async () => {
  const model = own(compose(1, 0.3));
  const before = tf.memory().numTensors;
  const counts = new Set<number>();
  const optimizer = adamW({ weightDecay: 0.1 });
  await fit(model, options({ optimizer, onStep: () => counts.add(tf.memory().numTensors) }));
  expect(counts.size).toBe(1);
  expect(tf.memory().numTensors).toBe(before);
});

test('data are told the epoch, so that they may be drawn anew', async () => {
  const seen = new Map<number, number>();
  const drawn = {
    length: 32,
    at(index: number, epoch = -1) {
      seen.set(epoch, (seen.get(epoch) ?? 0) + 1);
      return points(32, epoch).at(index);
    },
  };
  await fit(own(compose()), options({ data: drawn }));
  expect([...seen]).toEqual([
    [0, 32],
    [1, 32],
    [2, 32],
  ]);
});

test('records name step, epoch and losses, and epochs are awaited', async () => {
  const epochs: number[] = [];
  const records = await fit(
    own(compose()),
    options({
      onEpoch: async ({ epoch }) => {
        await Promise.resolve();
        epochs.push(epoch);
      },
    }),
  );
  expect(records).toHaveLength(12);
  expect(records.map(({ step }) => step)).toEqual(Array.from({ length: 12 }, (_, index) => index + 1));
  expect(records.map(({ epoch }) => epoch)).toEqual([1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3]);
  expect(Object.keys(records[0].losses)).toEqual(['side', 'distance']);
  expect(epochs).toEqual([1, 2, 3]);
});

test('timers and signals are let through while steps go on', async () => {
  const controller = new AbortController();
  setTimeout(() => controller.abort(), 1);
  const training = fit(own(compose()), options({ epochs: 1000, signal: controller.signal }));
  await expect(training).rejects.toThrow(InterruptedError);
});

test('a task without labels in a batch takes no part: its head does not move', async () => {
  const model = own(compose());
  const before = (await model.exportWeights()).weights;
  const records = await fit(
    model,
    options({ data: points(64, 1, () => false), optimizer: adamW({ weightDecay: 0.5 }) }),
  );
  const after = (await model.exportWeights()).weights;
  expect(records.every(({ losses }) => !('distance' in losses))).toBe(true);
  expect(after.get('distance/kernel')).toEqual(before.get('distance/kernel'));
  expect(after.get('stage0/kernel')).not.toEqual(before.get('stage0/kernel'));
});

test('a batch without any label changes nothing', async () => {
  const model = own(compose());
  const before = (await model.exportWeights()).weights;
  const unlabelled = mapData(points(16, 1), ({ input }) => ({
    input,
    labels: { side: undefined, distance: undefined },
  }));
  const records = await fit(model, options({ data: unlabelled, epochs: 1 }));
  expect(records.map(({ losses }) => losses)).toEqual([{}]);
  expect([...(await model.exportWeights()).weights]).toEqual([...before]);
});

test('a weight of 0 is like a task that is not there; mean is half of sum', async () => {
  const only = own(compose());
  await fit(only, { ...options(), weighting: weighted({ weights: [1, 0] }) });
  const alone = own(compose());
  await fit(alone, options({ data: points(64, 1, () => false) }));
  const [a, b] = [await only.exportWeights(), await alone.exportWeights()];
  expect(a.weights.get('stage0/kernel')).toEqual(b.weights.get('stage0/kernel'));

  // Adam does not see the size of gradients, so both take the same steps.
  const losses = [];
  for (const weighting of [sum(), mean()])
    losses.push(lossesOf(await fit(own(compose()), { ...options(), weighting })));
  for (const [step, own] of losses[0].entries()) expect(own.side).toBeCloseTo(losses[1][step].side!, 3);
});

const { dwa, famo, geometricMean, imtlL, initialLoss, logScale, randomLossWeighting, uncertaintyRevised } =
  weightings;

test.each([
  dwa(),
  famo(),
  geometricMean(),
  imtlL(),
  initialLoss(),
  logScale(),
  randomLossWeighting(),
  uncertaintyRevised(),
])('the weighting $name is told what it asks for, and trains', async (weighting) => {
  const records = await fit(own(compose()), options({ weighting, epochs: 10 }));
  const [first, last] = [records[0].losses, records[records.length - 1].losses];
  expect(last.side).toBeLessThan(first.side!);
  expect(last.distance).toBeLessThan(first.distance!);
});

test('a loss that is not finite stops the training before its step, and names task and step', async () => {
  const model = own(compose());
  let step = 0;
  const poisoned = mapData(points(64, 1), ({ input, labels }) => ({
    input,
    labels: { ...labels, distance: step === 5 ? Number.NaN : labels.distance },
  }));
  const running = fit(
    model,
    options({
      data: poisoned,
      onStep(record) {
        step = record.step;
      },
    }),
  );
  const error = await running.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(NonFiniteLossError);
  expect(error).toMatchObject({ task: 'distance', step: 6 });
  expect(String(error)).toMatch(/Task "distance": its loss is NaN at step 6/);
  // The same five steps, under an order that one epoch of all examples gives.
  const stopped = own(compose());
  const training = own(new Training(stopped, options()));
  const batches = shuffled().start(points(64, 1), {
    tasks: ['side', 'distance'],
    batchSize: 16,
    stepsPerEpoch: 4,
    epochs: 3,
    seed: 5,
  });
  for (let count = 1; count <= 5; count++) {
    const batch = stopped.batch(batches.next().map(({ index }) => points(64, 1).at(index)));
    training.step(batch, { learningRate: 0.02, step: count, epoch: Math.ceil(count / 4) });
    disposeBatch(batch);
  }
  training.sync();
  expect(model.variables[0].dataSync()).toEqual(stopped.variables[0].dataSync());
});

test('what is thrown in a step leaves no tensor behind', async () => {
  const model = own(compose());
  const poisoned = mapData(points(16, 1), ({ input, labels }) => ({
    input,
    labels: { ...labels, distance: Number.NaN },
  }));
  const before = tf.memory().numTensors;
  await expect(fit(model, options({ data: poisoned }))).rejects.toThrow(NonFiniteLossError);
  expect(tf.memory().numTensors).toBe(before);
});

const named = (data: FitOptions<SideHeads>['data'], prefix: string) => ({
  ...data,
  id: (index: number) => `${prefix}${index}`,
});
const judge = earlyStopping<SideHeads>(judgedTasks(compose()), { by: 'all', patience: 1 });

test.each([
  [
    'a class for a task that the model lacks',
    { sampler: uniform({ classOf: { depth: () => 1 } as object }) },
    /The sampler names the task "depth", which the model lacks; its tasks are side, distance/,
  ],
  [
    'early stopping by a task that the model lacks',
    {
      get validation() {
        return {
          data: points(4, 2),
          judge: earlyStopping<SideHeads>(judgedTasks(compose()), { by: 'depth' as 'side', patience: 1 }),
        };
      },
    },
    /Early stopping names the task "depth", which the model lacks/,
  ],
  ['weights for another number of tasks', { weighting: weighted({ weights: [1, 2, 3] }) }, /3|2/],
  [
    'validation on examples to train on',
    { data: named(points(8, 1), 'a'), validation: { data: named(points(5, 1), 'a'), judge } },
    /5 of the 5 examples to validate on are among those to train on, such as "a0", "a1", "a2"/,
  ],
  [
    'nothing to validate on',
    { validation: { data: points(0, 1), judge } },
    /data set to validate on is empty/,
  ],
  ['half of a batch', { accumulate: 0.5 }, /accumulate is 0.5; expected a whole number from 1/],
  ['an average that forgets nothing', { averageWeights: 1 }, /averageWeights: the decay is 1/],
  ['an empty data set', { data: points(0, 1) }, /data set to train on is empty/],
  ['no epochs', { epochs: 0 }, /epochs is 0; expected a whole number from 1/],
  ['a broken batch size', { batchSize: 2.5 }, /batchSize is 2.5/],
])('%s is refused before the first step', async (_, wrong: Partial<FitOptions<SideHeads>>, message) => {
  let steps = 0;
  const training = (async () => fit(own(compose()), options({ ...wrong, onStep: () => void steps++ })))();
  await expect(training).rejects.toThrow(message);
  expect(steps).toBe(0);
});

test('a metric without a direction is refused before the first step, where there is validation', async () => {
  const model = own(compose());
  const [metric] = model.heads.side.metrics;
  const { better } = metric;
  Object.assign(metric, { better: undefined });
  onTestFinished(() => void Object.assign(metric, { better }));
  let steps = 0;
  const training = fit(
    model,
    options({ validation: { data: points(4, 2), judge }, onStep: () => void steps++ }),
  );
  await expect(training).rejects.toThrow(/Task "side".*"accuracy"/);
  expect(steps).toBe(0);
});
