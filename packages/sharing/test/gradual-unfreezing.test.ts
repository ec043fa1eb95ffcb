import { disposeBatch } from '@espalier/core';
import {
  film,
  gradualUnfreezing,
  hardSharing,
  mtan,
  ple,
  SharingError,
  stagesOfLayers,
} from '@espalier/sharing';
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { expect, test } from 'vitest';
import { bareModel, examples, weightsOf } from './models.js';
import { denseTrunk } from './trunks.js';

test('layers belong to the first stage whose features they are a part of', () => {
  const byStage = (sharing: Parameters<typeof bareModel>[0]) =>
    Object.fromEntries(
      [...stagesOfLayers(bareModel(sharing))]
        .filter(([layer]) => layer.trainableWeights.length > 0)
        .map(([{ name }, stage]) => [name, stage]),
    );
  expect(byStage(hardSharing())).toEqual({ low: 'low', high: 'high' });
  expect(byStage(mtan())).toMatchObject({ low: 'low', 'b/low/g': 'low', high: 'high', 'high/bring': 'high' });
  expect(byStage(ple({ shared: 1, own: 1 }))).toMatchObject({
    'low/expert0': 'low',
    'a/low/gate': 'low',
    'low/gate': 'high',
    'c/high/expert0': 'high',
  });
});

test('stages join in from the last to the first, and only then change', async () => {
  const model = bareModel(film());
  const unfreeze = gradualUnfreezing(model, { epochs: 2 });
  const batch = model.batch(examples(denseTrunk));
  const changed = async () => {
    const before = await weightsOf(model);
    const optimizer = tf.train.sgd(0.1);
    const { variables } = model;
    if (variables.length > 0) {
      optimizer.minimize(
        () => tf.addN(Object.values(model.losses(batch, { training: true }))) as tf.Scalar,
        false,
        variables,
      );
    }
    optimizer.dispose();
    const stages = [...(await weightsOf(model))].filter(([name, values]) =>
      values.some((value, index) => value !== before.get(name)![index]),
    );
    return [
      ...new Set(stages.map(([name]) => name.split('/').find((part) => ['low', 'high'].includes(part)))),
    ];
  };
  const history: unknown[] = [];
  history.push(await changed());
  for (const epoch of [1, 2, 3, 4, 5]) history.push([unfreeze(epoch), (await changed()).sort()]);
  disposeBatch(batch);
  expect(history).toEqual([
    [],
    [[], []],
    [['high'], ['high']],
    [['high'], ['high']],
    [
      ['low', 'high'],
      ['high', 'low'],
    ],
    [
      ['low', 'high'],
      ['high', 'low'],
    ],
  ]);
});

test('what was frozen stays frozen, and no number of epochs below one is taken', () => {
  const frozen = {
    ...denseTrunk,
    trunk: () => [
      tfl.layers.dense({ name: 'low', units: 4, trainable: false }),
      tfl.layers.dense({ name: 'high', units: 2 }),
    ],
  };
  const model = bareModel(hardSharing(), frozen);
  gradualUnfreezing(model)(9);
  expect(model.variables).toHaveLength(2);
  expect(() => gradualUnfreezing(model, { epochs: 0 })).toThrow(SharingError);
});
