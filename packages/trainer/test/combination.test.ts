import { type Aggregator, aggregators, mgdaUb, sum, weighted, weightings } from '@espalier/losses';
import { adamW, constant, fit, TrainerError } from '@espalier/trainer';
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { describe, expect, test } from 'vitest';
import { own } from './own.js';
import { compose, composeOf, points } from './small-task.js';

const options = () => ({
  data: points(64, 1, (index) => index % 3 > 0),
  epochs: 5,
  batchSize: 16,
  optimizer: adamW(),
  schedule: constant(0.02),
  weighting: sum(),
  seed: 5,
});
const values = async (model: ReturnType<typeof compose>) =>
  [...(await model.exportWeights()).weights.values()].flatMap((weight) => [...weight.values]);

describe('gradient aggregators in training', () => {
  test('the sum of the gradients is the gradient of the sum', async () => {
    const [joint, byTask] = [own(compose()), own(compose())];
    await fit(joint, options());
    await fit(byTask, { ...options(), aggregator: aggregators.sum() });
    const [a, b] = [await values(joint), await values(byTask)];
    for (const [index, value] of a.entries()) expect(b[index]).toBeCloseTo(value, 3);
  });

  test('constant weights of an aggregator act on the shared weights only', async () => {
    const [first, second] = [own(compose()), own(compose())];
    const all = { ...options(), epochs: 1, data: points(16, 1) };
    const records = await fit(first, {
      ...all,
      optimizer: adamW(),
      aggregator: aggregators.constant({ weights: [1, 0] }),
    });
    await fit(second, { ...all, optimizer: adamW(), weighting: weighted({ weights: [1, 0] }) });
    const [a, b] = [(await first.exportWeights()).weights, (await second.exportWeights()).weights];
    expect(records).toHaveLength(1);
    for (const [index, value] of a.get('stage0/kernel')!.values.entries()) {
      expect(b.get('stage0/kernel')!.values[index]).toBeCloseTo(value, 5);
    }
    // Its own head goes on learning under the aggregator, and not under a loss weight of 0.
    expect(a.get('distance/kernel')).not.toEqual(b.get('distance/kernel'));
  });

  test('it works on the gradients of the weighted losses', async () => {
    const [joint, byTask] = [own(compose()), own(compose())];
    const weighting = weighted({ weights: [3, 0.2] });
    await fit(joint, { ...options(), weighting });
    await fit(byTask, { ...options(), weighting, aggregator: aggregators.sum() });
    const [a, b] = [await values(joint), await values(byTask)];
    for (const [index, value] of a.entries()) expect(b[index]).toBeCloseTo(value, 3);
  });

  const inTurn: [string, () => Aggregator][] = [
    ['mgda', () => aggregators.mgda()],
    ['pcGrad', () => aggregators.pcGrad({ order: 'random' })],
    ['upGrad', () => aggregators.upGrad()],
    ['caGrad', () => aggregators.caGrad()],
    ['imtlG', () => aggregators.imtlG()],
    ['alignedMtl', () => aggregators.alignedMtl()],
    ['conFig', () => aggregators.conFig()],
    ['gradDrop', () => aggregators.gradDrop()],
    ['gradVac', () => aggregators.gradVac()],
  ];
  test.each(inTurn)('%s trains, repeats under its seed, and leaves no tensor', async (_, make) => {
    const runs = [];
    for (let run = 0; run < 2; run++) {
      const model = own(compose(1, 0.2));
      const counts = new Set<number>();
      const records = await fit(model, {
        ...options(),
        aggregator: make(),
        onStep: () => counts.add(tf.memory().numTensors),
      });
      expect(counts.size).toBe(1);
      runs.push(records.map(({ losses }) => losses));
    }
    expect(runs[0]).toEqual(runs[1]);
    const [first, last] = [runs[0][0], runs[0][runs[0].length - 1]];
    expect(last.side! + last.distance!).toBeLessThan(first.side! + first.distance!);
  });

  test('GradNorm gets the Gramian that it asks for', async () => {
    const records = await fit(own(compose()), { ...options(), weighting: weightings.gradNorm() });
    expect(records.every(({ losses }) => Number.isFinite(losses.side))).toBe(true);
  });

  test('regularizers of layers are added once, with an aggregator as without', async () => {
    const regularized = () =>
      own(
        composeOf(() => [
          tfl.layers.dense({ units: 8, kernelRegularizer: tfl.regularizers.l2({ l2: 0.5 }) }),
        ]),
      );
    const [joint, byTask] = [regularized(), regularized()];
    await fit(joint, options());
    await fit(byTask, { ...options(), aggregator: aggregators.sum() });
    const [a, b] = [await values(joint), await values(byTask)];
    for (const [index, value] of a.entries()) expect(b[index]).toBeCloseTo(value, 3);
  });

  test('an aggregator on a representation is refused before the first step', async () => {
    await expect(fit(own(compose()), { ...options(), aggregator: mgdaUb() })).rejects.toThrow(TrainerError);
  });
});
