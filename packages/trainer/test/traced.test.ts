import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Weight } from '@espalier/core';
import * as engine from '@espalier/engine';
import { type Aggregator, aggregators, sum, type Weighting, weightings } from '@espalier/losses';
import {
  adamW,
  byLoss,
  constant,
  type DataOf,
  evaluate,
  type FitOptions,
  fit,
  predict,
  uniform,
} from '@espalier/trainer';
import { runFolder } from '@espalier/trainer/node';
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { describe, expect, inject, onTestFinished, test, vi } from 'vitest';
import { expectHeldSnapshot } from './held-snapshot.js';
import { own } from './own.js';
import * as ownInputs from './own-inputs-task.js';
import { compose, composeOf, points, regularizedDense, type SideHeads } from './small-task.js';

const missing = await engine.use('native').then(
  () => undefined,
  (error: Error) => error.message,
);
if (missing !== undefined) console.warn(`Traced training is not tested: ${missing}`);

/** The last quarter of the examples has no distance: with batches of 16 in order, whole batches lack it. */
const data = points(64, 1, (index) => index < 48 && index % 3 > 0);

const withStatistics = () =>
  own(composeOf(() => [regularizedDense(16, 0.01), tfl.layers.batchNormalization({ momentum: 0.9 })]));

const options = () => ({
  data,
  epochs: 3,
  batchSize: 4,
  optimizer: adamW({ weightDecay: 0.01 }),
  schedule: (step: number) => 0.02 / (1 + step),
  weighting: sum(),
  seed: 5,
});

const methods: [string, { weighting?: Weighting; aggregator?: Aggregator }][] = [
  ['the sum', {}],
  ['uncertainty', { weighting: weightings.uncertainty() }],
  ['FAMO', { weighting: weightings.famo() }],
  ['GradNorm', { weighting: weightings.gradNorm() }],
  ['UPGrad', { aggregator: aggregators.upGrad() }],
  ['PCGrad', { aggregator: aggregators.pcGrad({ order: 'random' }) }],
  ['GradDrop, which needs the Jacobian', { aggregator: aggregators.gradDrop() }],
];

/** Examples of which a batch takes so long that it is made while a step is computed. */
const slowly = (index: number) => {
  const start = performance.now();
  while (performance.now() - start < 0.3) {}
  return data.at(index);
};
const slowData: DataOf<SideHeads> = { ...data, at: slowly };

// It brings its own engine, so once is enough.
describe.skipIf(missing !== undefined || inject('engine') !== 'wasm')('steps as graphs', () => {
  test.each(methods)('%s gives the losses and weights of the same code without graphs', async (_, method) => {
    const runs = [];
    for (const traced of [false, true]) {
      const model = withStatistics();
      const counts = new Map<boolean, Set<number>>([true, false].map((ends) => [ends, new Set()]));
      const before = tf.memory().numTensors;
      const records = await fit(model, {
        ...options(),
        data: slowData,
        ...method,
        traced,
        onStep({ step, steps }) {
          // Buffers come to be in the first steps, and then no more. But for the last step, the next batch is there.
          if (step > 8) counts.get(step === steps)!.add(tf.memory().numTensors);
        },
      });
      expect(tf.memory().numTensors).toBe(before);
      expect([...counts.values()].map(({ size }) => size)).toEqual([1, 1]);
      const losses = records.flatMap(({ losses }) => Object.entries(losses));
      runs.push({ losses, weights: (await model.exportWeights()).weights });
    }
    const [eager] = runs;
    // A batch without a distance is another trace over the same state.
    expect(new Set(eager.losses.map(([task]) => task)).size).toBe(2);
    expect(eager.losses.length).toBeLessThan(2 * 48);
    expectSameRuns(runs);
  });

  const fewer = methods.filter((_, place) => place % 2 === 0);
  test.each(fewer)('so does %s from several batches a step', async (_, method) => {
    const runs = [];
    for (const traced of [false, true]) {
      const model = withStatistics();
      const before = tf.memory().numTensors;
      const records = await fit(model, { ...options(), ...method, accumulate: 2, epochs: 2, traced });
      expect(tf.memory().numTensors).toBe(before);
      const losses = records.flatMap(({ losses }) => Object.entries(losses));
      runs.push({ losses, weights: (await model.exportWeights()).weights });
    }
    expectSameRuns(runs);
  });

  test('the next batch is made while a step is computed, where nothing can have a say in it before', async () => {
    /** How many examples are asked for before the first step has ended, the second, and so on: four an epoch. */
    const askedFor = async (more: Partial<FitOptions<SideHeads>>) => {
      const asked: number[] = [];
      let done = 0;
      const watched: DataOf<SideHeads> = {
        ...data,
        labels: (index) => data.at(index).labels,
        at(index) {
          asked.push(done);
          return slowly(index);
        },
      };
      const onStep = () => {
        done += 1;
      };
      await fit(withStatistics(), { ...options(), data: watched, batchSize: 16, epochs: 2, onStep, ...more });
      return [0, 1, 2, 3, 4, 5, 6, 7].map((step) => asked.filter((own) => own === step).length);
    };
    expect(await askedFor({})).toEqual([32, 16, 16, 16, 16, 16, 16, 0]);
    expect(await askedFor({ onEpoch: () => undefined })).toEqual([32, 16, 16, 0, 32, 16, 16, 0]);
    expect(await askedFor({ sampler: byLoss() })).toEqual([16, 16, 16, 16, 16, 16, 16, 16]);
  });

  test('an example that is not there is told of at its own step', async () => {
    const before = tf.memory().numTensors;
    const model = compose();
    let steps = 0;
    const asked = new Set<number>();
    const broken: DataOf<SideHeads> = {
      ...data,
      at(index) {
        asked.add(index);
        if (asked.size > 40) throw new RangeError('the file is gone');
        return slowly(index);
      },
    };
    const fitting = fit(model, { ...options(), data: broken, batchSize: 16, onStep: () => steps++ });
    await expect(fitting).rejects.toThrow(new RangeError('the file is gone'));
    expect(steps).toBe(2);
    model.dispose();
    expect(tf.memory().numTensors).toBe(before);
  });

  test('a training that is stopped with the next batch made goes on as if nothing had happened', async () => {
    const all = { ...options(), data: slowData, batchSize: 16, sampler: uniform<SideHeads>() };
    const whole = await fit(withStatistics(), all);
    const folder = await mkdtemp(join(tmpdir(), 'espalier-ahead-'));
    onTestFinished(() => rm(folder, { recursive: true }));
    const stop = new AbortController();
    const stopping = fit(withStatistics(), {
      ...all,
      run: runFolder(folder, { everySteps: 2 }),
      signal: stop.signal,
      onStep: ({ step }) => step === 5 && stop.abort(),
    });
    await expect(stopping).rejects.toThrow('interrupted after step 5');
    const resumed = await fit(withStatistics(), { ...all, run: runFolder(folder, { resume: true }) });
    expect(resumed.map(({ losses }) => losses)).toEqual(whole.map(({ losses }) => losses));
  });

  test('tasks with inputs of their own are learned as without graphs', async () => {
    const losses = [];
    for (const traced of [false, true]) {
      const records = await fit(ownInputs.compose(), { ...ownInputs.options, epochs: 2, traced });
      losses.push(records.flatMap((record) => Object.entries(record.losses)));
    }
    const [eager, traced] = losses;
    expect(traced.map(([task]) => task)).toEqual(eager.map(([task]) => task));
    for (const [index, [, loss]] of traced.entries()) expectClose(loss, eager[index][1]);
  });

  test('predictions are those of the network, by a graph where a shape keeps coming', async () => {
    const model = withStatistics();
    const inputs = Array.from({ length: 41 }, (_, index) => data.at(index).input);
    const stacked = model.stack(inputs);
    const expected = await model.predict(stacked);
    stacked.dispose();
    const before = tf.memory().numTensors;
    const outputs = vi.spyOn(model, 'outputs');
    const found = await predict(
      model,
      { length: 41, at: (index) => ({ input: inputs[index] }) },
      { batchSize: 4 },
    );
    // Four of the eleven batches, and two to trace the graph.
    expect(outputs).toHaveBeenCalledTimes(6);
    expect(tf.memory().numTensors).toBe(before);
    expect(found.side.map(({ label }) => label)).toEqual(expected.side.map(({ label }) => label));
    expect(found.distance).toHaveLength(41);
    for (const [index, distance] of found.distance.entries()) expectClose(distance, expected.distance[index]);
  });

  test('a training evaluates by one graph, with the averages of the weights', async () => {
    const runs = [];
    for (const traced of [false, true]) {
      const model = withStatistics();
      const outputs = vi.spyOn(model, 'outputs');
      const errors: number[] = [];
      const calls: number[] = [];
      await fit(model, {
        ...options(),
        epochs: 3,
        batchSize: 16,
        traced,
        averageWeights: 0.9,
        async onEpoch() {
          errors.push((await evaluate(model, data, { batchSize: 16 })).distance.error);
          calls.push(outputs.mock.calls.length);
        },
      });
      if (traced) expect(calls).toEqual([4, 6, 6]);
      runs.push(errors);
    }
    for (const [epoch, error] of runs[1].entries()) expectClose(error, runs[0][epoch]);
  });

  test('dropout is drawn anew at every step, and the same under the same seed', async () => {
    const losses = [];
    for (const seed of [1, 1, 2]) {
      const still = { ...options(), schedule: constant(0), batchSize: 64, epochs: 4, seed };
      const records = await fit(own(compose(1, 0.5)), still);
      losses.push(records.map((record) => record.losses.side));
    }
    // Nothing is learned and every batch holds all examples: only the masks tell the steps apart.
    expect(new Set(losses[0]).size).toBe(4);
    expect(losses[1]).toEqual(losses[0]);
    expect(losses[2]).not.toEqual(losses[0]);
  });

  test('what goes on from a checkpoint gives the bit-identical losses', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'espalier-traced-'));
    onTestFinished(() => rm(folder, { recursive: true }));
    const train = (more: object) => fit(own(compose(1, 0.3)), { ...options(), averageWeights: 0.9, ...more });
    const whole = await train({});
    const killed = train({
      run: runFolder(folder, { everySteps: 7 }),
      onStep({ step }: { step: number }) {
        if (step === 20) throw new Error('killed');
      },
    });
    await expect(killed).rejects.toThrow('killed');
    const again = await train({ run: runFolder(folder, { everySteps: 7, resume: true }) });
    expect(again.map(({ losses }) => losses)).toEqual(whole.map(({ losses }) => losses));
  });

  test('a snapshot stays as it is while steps go on', () => expectHeldSnapshot(true));

  test('the weights are up to date after every epoch, and what is assigned there counts', async () => {
    const model = own(compose());
    const seen: number[][] = [];
    await fit(model, {
      ...options(),
      onEpoch({ epoch }) {
        const kernel = model.variables[0];
        seen.push([...kernel.dataSync()]);
        if (epoch === 2) tf.tidy(() => kernel.assign(tf.zerosLike(kernel)));
      },
    });
    expect(seen[0]).not.toEqual(seen[1]);
    expect(Math.max(...seen[2].map(Math.abs))).toBeLessThan(0.1);
    expect([...model.variables[0].dataSync()]).toEqual(seen[2]);
  });
});

interface Run {
  readonly losses: readonly [string, number | undefined][];
  readonly weights: ReadonlyMap<string, Weight>;
}

function expectSameRuns([eager, traced]: readonly Run[]): void {
  expect(traced.losses.map(([task]) => task)).toEqual(eager.losses.map(([task]) => task));
  for (const [index, [, loss]] of traced.losses.entries()) expectClose(loss, eager.losses[index][1]);
  for (const [name, { values }] of traced.weights) {
    const expected = eager.weights.get(name)!.values;
    for (const [index, value] of values.entries()) expectClose(value, expected[index]);
  }
}

/** TensorFlow fuses and reorders operations: rounding differs, and grows along the steps. */
function expectClose(found: number | undefined, expected: number | undefined): void {
  expect(Math.abs(found! - expected!)).toBeLessThan(5e-5 * Math.max(1, Math.abs(expected!)));
}
