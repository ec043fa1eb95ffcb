import { StageError, TaskError } from '@espalier/core';
import { branchedSharing, hardSharing } from '@espalier/sharing';
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { describe, expect, test } from 'vitest';
import {
  bareModel,
  difference,
  outputs,
  reachedLayers,
  separate,
  setWeights,
  testConformance,
  weightsOf,
} from './models.js';
import { denseTrunk, modelTrunk, trunks } from './trunks.js';

testConformance(
  'branched sharing',
  branchedSharing({
    forks: { low: [['first', 'third'], ['second']], high: [['first'], ['third'], ['second']] },
  }),
  { ...trunks, models: modelTrunk },
);

describe('limits', () => {
  for (const [name, trunk] of Object.entries(trunks)) {
    test(`without a fork it is hard sharing of ${name}`, () => {
      const branched = bareModel(branchedSharing({ forks: {} }), trunk);
      const hard = bareModel(hardSharing(), trunk);
      expect(outputs(branched)).toEqual(outputs(hard));
      expect(branched.countParams()).toBe(hard.countParams());
    });

    test(`a fork at the first stage gives separate networks of ${name}`, async () => {
      const branched = bareModel(separate, trunk);
      for (const [index, task] of (['a', 'b', 'c'] as const).entries()) {
        expect(reachedLayers(branched, task)).toEqual([`${task}/high`, `${task}/low`]);
        const weights = await weightsOf(branched);
        const single = bareModel(hardSharing(), trunk, 2);
        await setWeights(single, (weight) => weights.get(`${task}/${weight}`));
        expect(difference([outputs(branched)[index]], [outputs(single)[index]])).toBe(0);
      }
    });
  }
});

test('tasks of one group share a copy, and gradients stay in their own branch', () => {
  const model = bareModel(branchedSharing({ forks: { high: [['a', 'c'], ['b']] } }));
  expect(reachedLayers(model, 'a')).toEqual(['high/a/c', 'low']);
  expect(reachedLayers(model, 'b')).toEqual(['b/high', 'low']);
  expect(reachedLayers(model, 'c')).toEqual(['high/a/c', 'low']);
});

describe('copies of a stage', () => {
  test('draw their own initial weights', async () => {
    const weights = await weightsOf(bareModel(separate));
    expect(weights.get('a/low/kernel')).not.toEqual(weights.get('b/low/kernel'));
  });

  test('of a pretrained stage begin with its weights, and frozen ones stay frozen', async () => {
    for (const frozen of [false, true]) {
      const pretrained = () => {
        const stage = tfl.sequential({
          name: 'low',
          layers: [tfl.layers.dense({ units: 4, inputShape: [3], name: 'inner' })],
        });
        if (frozen) stage.trainable = false;
        return [stage, tfl.layers.dense({ name: 'high', units: 2 })];
      };
      const model = bareModel(separate, { ...denseTrunk, trunk: pretrained });
      const weights = await weightsOf(model);
      expect(weights.get('b/low/kernel')).toEqual(weights.get('a/low/kernel'));
      expect(weights.get('c/low/kernel')).toEqual(weights.get('a/low/kernel'));
      expect(model.variables).toHaveLength(frozen ? 6 : 12);
    }
  });

  test('cannot be made of a class that is not registered, or whose config is not enough', () => {
    class Unknown extends tfl.layers.Layer {
      static readonly className = 'TestUnknown';
    }
    class Forgetful extends tfl.layers.Layer {
      static readonly className = 'TestForgetful';
      constructor(config: { name: string; needed?: string }) {
        super(config);
        if (config.needed === undefined) throw new TypeError('needed is missing');
      }
    }
    tf.serialization.registerClass(Forgetful);
    const copying = (stage: tfl.layers.Layer) => () =>
      bareModel(separate, { ...denseTrunk, trunk: () => [stage] });
    expect(copying(new Unknown({ name: 'low' }))).toThrow(
      /Stage "low": cannot be made again: its class TestUnknown is unknown/,
    );
    expect(copying(new Forgetful({ name: 'low', needed: 'yes' }))).toThrow(
      /Stage "low": cannot be made again: TestForgetful.fromConfig .*: needed is missing/,
    );
  });
});

describe('refuses', () => {
  const compose = (forks: Parameters<typeof branchedSharing>[0]['forks']) => () =>
    bareModel(branchedSharing({ forks }));

  test('stages that the trunk does not have', () => {
    expect(compose({ middle: [['a', 'b', 'c']] })).toThrow(StageError);
    expect(compose({ middle: [['a', 'b', 'c']] })).toThrow(/"middle".*stages are low, high/);
  });

  test('tasks that are unknown, missing or named twice, and branches that meet again', () => {
    expect(compose({ low: [['a', 'b', 'x'], ['c']] })).toThrow(TaskError);
    expect(compose({ low: [['a', 'b', 'x'], ['c']] })).toThrow(/"x".*tasks are a, b, c/);
    expect(compose({ low: [['a', 'b']] })).toThrow(/"c".*0 times/);
    expect(
      compose({
        low: [
          ['a', 'b'],
          ['b', 'c'],
        ],
      }),
    ).toThrow(/"b".*2 times/);
    expect(compose({ low: [['a', 'b'], ['c']], high: [['a'], ['b', 'c']] })).toThrow(
      /"c".*joins it with "b"/,
    );
  });
});
