import { applyShared, disposeBatch, type Head, MultiTaskModel, type Sharing } from '@espalier/core';
import { type ConformanceCheck, headConformance, sharingConformance } from '@espalier/core/testing';
import { hardSharing } from '@espalier/sharing';
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { describe, expect, test } from 'vitest';

type Regression = Head<number, number>;

const good: Regression = {
  kind: 'regression',
  connect: (features, task) =>
    tfl.layers
      .dense({ name: `${task}/value`, units: 1 })
      .apply(features[features.length - 1]) as tfl.SymbolicTensor,
  encode: (labels) => tf.tensor2d(labels.map((label) => [label ?? 0])),
  losses: (output, target) =>
    tf.tidy(() => tf.squeeze(tf.squaredDifference(output, target), [1]) as tf.Tensor1D),
  decode: async (output) => Array.from(await output.data()),
  metrics: [
    { name: 'mean', better: 'lower', compute: (values) => values.reduce((sum, value) => sum + value, 0) },
  ],
};

/** The names of the checks that fail. Tensors that a bad head leaks are the head's. */
async function failures(checks: readonly ConformanceCheck[]): Promise<string[]> {
  const failed: string[] = [];
  for (const { name, run } of checks) {
    await run().catch(() => failed.push(name));
  }
  return failed;
}

const checksOf = (head: Regression) => headConformance({ head, featureShape: [4], labels: [0.5, -1, 2] });

describe('the conformance kit for heads', () => {
  test('lets a good head pass', async () => {
    expect(await failures(checksOf(good))).toEqual([]);
  });

  const unlike = (part: object) => ({ ...good, ...part }) as Regression;
  test.each([
    ['a head without metrics', { metrics: [] }, /no metrics; give at least one/],
    ['a head that cannot decode', { decode: undefined }, /no function decode\(\)/],
    [
      'a metric without a direction',
      { metrics: [{ ...good.metrics[0], better: 'up' }] },
      /mean .*needs .*it is up/,
    ],
    ['a metric that is none', { metrics: [null] }, /metric undefined of its regression head needs a name/],
    [
      'an output of another shape than its losses take',
      {
        connect: (features: Parameters<Regression['connect']>[0], task: string) =>
          tfl.layers
            .reshape({ name: `${task}/two`, targetShape: [2, 2] })
            .apply(features[features.length - 1]) as tfl.SymbolicTensor,
      },
      /losses\(\) of its regression head .*output of shape \[3, 2, 2\].*target of shape \[3, 1\].*Let connect\(\)/,
    ],
    [
      'a number for losses',
      { losses: () => 3 },
      /losses\(\) of its regression head gives a value of type number; expected a tensor of shape \[3\]/,
    ],
    [
      'a promise of losses',
      { losses: async () => tf.tensor1d([1, 2, 3]) },
      /losses\(\) of its regression head gives a value of type Promise; expected a tensor/,
    ],
    [
      'one loss for the batch',
      { losses: () => tf.scalar(1) },
      /losses\(\) of its regression head has shape \[\]; expected \[3\], one loss an example: take the mean/,
    ],
    [
      'a layer for a tensor',
      { connect: () => tfl.layers.flatten() },
      /connect\(\) .* Flatten.*apply the last layer/,
    ],
    [
      'labels for a tensor',
      { encode: (labels: unknown[]) => labels },
      /encode\(\) .* Array; expected a tensor/,
    ],
    [
      'no predictions',
      { decode: async () => undefined },
      /decode\(\) of its regression head gives undefined for 3 examples; give a list/,
    ],
  ])('says of %s what is wrong, where, and what to do', async (_, part, message) => {
    const [first] = checksOf(unlike(part));
    await expect(first.run()).rejects.toThrow(message);
  });

  test('says of a head that is not there what to give', async () => {
    const [first] = checksOf(undefined as unknown as Regression);
    await expect(first.run()).rejects.toThrow(/its head is undefined; give what a function/);
  });

  test('says of losses without a gradient how to compute them', async () => {
    const losses: Regression['losses'] = (output) => tf.zeros([output.shape[0]]);
    const check = checksOf(unlike({ losses })).find(({ name }) => name.startsWith('every trainable weight'));
    await expect(check!.run()).rejects.toThrow(/No weight has a gradient: let losses\(\) compute/);
  });

  test('a model that is composed of such a head says the same, by the task’s name', () => {
    const compose = (part: object) =>
      new MultiTaskModel({
        inputShape: [4],
        trunk: () => [tfl.layers.dense({ name: 'trunk', units: 4 })],
        sharing: hardSharing(),
        heads: { height: unlike(part) },
        seed: 1,
      });
    expect(() => compose({ metrics: [] })).toThrow(/^Task "height": its regression head has no metrics/);
    const model = compose({ losses: () => tf.scalar(1) });
    const batch = model.batch([{ input: Float32Array.of(1, 2, 3, 4), labels: { height: 1 } }]);
    expect(() => model.losses(batch, { training: true })).toThrow(
      /^Task "height": losses\(\) of its regression head has shape \[\]; expected \[1\]/,
    );
    disposeBatch(batch);
    model.dispose();
  });

  test('says of weights that are named like any others that they would be mixed up', async () => {
    const connect: Regression['connect'] = (features) =>
      tfl.layers.dense({ units: 1 }).apply(features[0]) as tfl.SymbolicTensor;
    expect(await failures(checksOf(unlike({ connect })))).toContain('its weights are named after the task');
  });

  const bad: [string, Partial<Regression>, string][] = [
    [
      'a loss of the batch instead of one an example',
      {
        losses: (output, target) =>
          tf.tidy(() => tf.reshape(tf.mean(tf.squaredDifference(output, target)), [1]) as tf.Tensor1D),
      },
      'gives a loss and a prediction for every example',
    ],
    [
      'losses that depend on the other examples',
      {
        losses: (output, target) =>
          tf.tidy(() => tf.mul(good.losses(output, target), tf.sum(target)) as tf.Tensor1D),
      },
      'the loss of an example does not depend on the others in the batch',
    ],
    [
      'targets whose unlabelled rows are missing',
      {
        encode(labels) {
          const known = labels.filter((label) => label !== undefined);
          return tf.tensor2d(known, [known.length, 1]);
        },
      },
      'encodes examples without a label as rows of the same shape',
    ],
    [
      'a metric that is not a number',
      { metrics: [{ name: 'broken', better: 'higher', compute: () => Number.NaN }] },
      'every metric of its predictions is a finite number',
    ],
    [
      'a prediction too few',
      { decode: async (output) => Array.from(await output.data()).slice(1) },
      'gives a loss and a prediction for every example',
    ],
    [
      'a tensor that is left behind',
      {
        decode: async (output) => {
          const copy = tf.clone(output);
          return Array.from(await copy.data());
        },
      },
      'training, predicting and disposing leave no tensor behind',
    ],
    [
      'an output that is disposed of',
      {
        decode: async (output) => {
          const values = Array.from(await output.data());
          output.dispose();
          return values;
        },
      },
      'encoding, losses and decoding leave no tensor behind but what they return',
    ],
    [
      'weights that no loss reaches',
      {
        connect: (features, task) => {
          const last = features[features.length - 1];
          const idle = tfl.layers
            .dense({
              name: `${task}/idle`,
              units: 1,
              kernelInitializer: 'zeros',
              biasInitializer: tfl.initializers.constant({ value: -9 }),
            })
            .apply(last);
          const dead = tfl.layers.reLU({ name: `${task}/dead` }).apply(idle);
          return tfl.layers
            .add({ name: `${task}/sum` })
            .apply([good.connect(features, task), dead as tfl.SymbolicTensor]) as tfl.SymbolicTensor;
        },
      },
      'every trainable weight is reached by the gradient of some task',
    ],
  ];
  test.each(bad)('notices %s', async (_, defect, check) => {
    const failed = await failures(checksOf({ ...good, ...defect }));
    expect(failed).toContain(check);
  });
});

describe('the conformance kit for sharing strategies', () => {
  const trunk = () => [
    tfl.layers.dense({ name: 'a', units: 4, activation: 'tanh' }),
    tfl.layers.dense({ name: 'b', units: 4, activation: 'tanh' }),
  ];
  const checks = (sharing: Sharing) => sharingConformance({ sharing, trunk, inputShape: [3] });
  const spoiled = (connect: Sharing['connect']): Sharing => ({ kind: 'spoiled', connect });

  test('lets hard sharing pass', async () => {
    expect(await failures(checks(hardSharing()))).toEqual([]);
  });

  test('lets a strategy pass that draws in training', async () => {
    const dropping = spoiled((stages, inputs) =>
      hardSharing().connect(stages, applyShared(tfl.layers.dropout({ name: 'dropped', rate: 0.3 }), inputs)),
    );
    expect(await failures(checks(dropping))).toEqual([]);
  });

  test('notices a strategy that leaves a stage out', async () => {
    const shortened = spoiled((stages, inputs) => hardSharing().connect(stages.slice(1), inputs));
    expect(await failures(checks(shortened))).toContain('gives every task one tensor of features a stage');
  });

  test('notices a strategy whose features ignore the trunk', async () => {
    const bypassing = spoiled((stages, inputs) => {
      hardSharing().connect(stages, inputs);
      return new Map([...inputs].map(([task, input]) => [task, stages.map(() => input)]));
    });
    expect(await failures(checks(bypassing))).toContain(
      "a task's loss reaches the trunk and its own head, and no other head",
    );
  });
});
