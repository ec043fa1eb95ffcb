import { disposeBatch, InputError, multiTaskModel, TaskError, WeightsError } from '@espalier/core';
import { hardSharing } from '@espalier/sharing';
import { classification } from '@espalier/vision-heads';
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { afterEach, describe, expect, test } from 'vitest';

const heads = {
  near: classification({ classes: ['no', 'yes'] }),
  far: classification({ classes: ['a', 'b', 'c'] }),
};

/** Convolutions and a mean over positions: what a trunk needs to take maps of several sizes. */
const options = {
  inputShape: { near: [4, 4, 1], far: [6, 6, 1] },
  trunk: () => [
    tfl.layers.conv2d({ name: 'edges', filters: 3, kernelSize: 3, activation: 'tanh' }),
    tfl.layers.globalAveragePooling2d({ name: 'mean', dataFormat: 'channelsLast' }),
  ],
  sharing: hardSharing(),
  heads,
  seed: 1,
};

const made: { dispose(): void }[] = [];
const compose = () => {
  const model = multiTaskModel(options);
  made.push(model);
  return model;
};
afterEach(() => {
  for (const one of made.splice(0)) one.dispose();
});

const near = new Float32Array(16).fill(0.5);
const far = new Float32Array(36).fill(-0.5);
const both = { input: { near, far }, labels: { near: 1, far: 2 } };
const onlyNear = { input: { near, far: undefined }, labels: { near: 0, far: undefined } };

describe('a model whose tasks have inputs of their own', () => {
  test('shares its trunk between inputs of two sizes', () => {
    const model = compose();
    const shared = model
      .variablesOf('near')
      .filter((variable) => model.variablesOf('far').includes(variable));
    expect(shared.map(({ name }) => name.replace(/_\d+$/, ''))).toEqual(['edges/kernel', 'edges/bias']);
  });

  test("a task's rows are the examples that have its input, and its loss is that of these alone", () => {
    const model = compose();
    tf.tidy(() => {
      const batch = model.batch([onlyNear, both, onlyNear]);
      expect(batch.inputs.near.shape).toEqual([3, 4, 4, 1]);
      expect(batch.inputs.far.shape).toEqual([1, 6, 6, 1]);
      expect([batch.targets.near.labelled, batch.targets.far.labelled]).toEqual([3, 1]);
      const together = model.losses(batch, { training: true });
      const alone = model.losses(model.batch([both]), { training: true });
      expect(together.far!.dataSync()[0]).toBeCloseTo(alone.far!.dataSync()[0], 6);
    });
  });

  test('of a batch without an input only the other tasks are run', async () => {
    const model = compose();
    const before = tf.memory().numTensors;
    const batch = model.batch([onlyNear]);
    tf.tidy(() => {
      expect(Object.keys(model.losses(batch, { training: true }))).toEqual(['near']);
    });
    const predictions = await model.predict(batch.inputs);
    expect([predictions.near.length, predictions.far.length]).toEqual([1, 0]);
    disposeBatch(batch);
    expect(tf.memory().numTensors).toBe(before);
  });

  test('takes its weights to another model of the same inputs, and refuses others by the task', async () => {
    const weights = await compose().exportWeights();
    compose().importWeights(weights);
    const other = multiTaskModel({ ...options, inputShape: { near: [4, 4, 1], far: [8, 8, 1] } });
    made.push(other);
    expect(() => other.importWeights(weights)).toThrow(WeightsError);
    expect(() => other.importWeights(weights)).toThrow(
      /input shape of task "far" is \[6, 6, 1\] there and \[8, 8, 1\] here/,
    );
  });

  test.each([
    ['one input for all tasks', { ...both, input: near }, InputError, /each task has its own; .* near, far/],
    ['an input that is missing', { ...both, input: { near } }, TaskError, /"far": the input lacks it/],
    ['an input of no task', { ...both, input: { near, far, age: far } }, TaskError, /"age"/],
    [
      'a label without its input',
      { ...onlyNear, labels: { near: 0, far: 1 } },
      TaskError,
      /"far": example 0 has/,
    ],
    [
      'an input of the wrong size',
      { ...both, input: { near, far: near } },
      InputError,
      /has 16 values; \[6, 6, 1\]/,
    ],
  ])('refuses %s, and leaves nothing behind', (_, example, type, message) => {
    const model = compose();
    const before = tf.memory().numTensors;
    const batch = () => model.batch([example as typeof both]);
    expect(batch).toThrow(type);
    expect(batch).toThrow(message);
    expect(tf.memory().numTensors).toBe(before);
  });

  test('refuses examples without any input, and shapes that are missing or of no task', async () => {
    const model = compose();
    const empty = { input: { near: undefined, far: undefined }, labels: { near: undefined, far: undefined } };
    const batch = model.batch([empty]);
    expect(() => model.losses(batch, { training: true })).toThrow(/no rows/);
    await expect(model.predict(batch.inputs)).rejects.toThrow(InputError);
    disposeBatch(batch);
    const shapes = (inputShape: object) => () =>
      multiTaskModel({ ...options, inputShape: inputShape as typeof options.inputShape });
    expect(shapes({ near: [4, 4, 1] })).toThrow(/Task "far": `inputShape` lacks it/);
    expect(shapes({ ...options.inputShape, age: [1] })).toThrow(/Task "age": `inputShape` names it/);
    expect(shapes({ near: [4, 0, 1], far: [6, 6, 1] })).toThrow(/input shape \[4, 0, 1\]/);
  });
});
