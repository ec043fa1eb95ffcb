// It registers the gradients of tfjs-core's operations.
import '@tensorflow/tfjs-layers';
import { GradientError, lossGradients, use } from '@espalier/engine';
import * as tf from '@tensorflow/tfjs-core';
import { afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { isNativeInstalled } from './native-installed.js';

const names = [...((await isNativeInstalled()) ? ['native' as const] : []), 'wasm', 'cpu'] as const;

describe.each(names)('lossGradients on %s', (name) => {
  beforeAll(async () => {
    await use(name);
  });

  let variables: tf.Variable[];
  beforeEach(() => {
    variables = tf.tidy(() => [
      tf.variable(tf.tensor1d([1, 2])),
      tf.variable(tf.tensor1d([3])),
      tf.variable(tf.scalar(4)),
    ]);
  });
  afterEach(() => tf.dispose(variables));

  const loss = () => tf.sum(tf.mul(tf.square(variables[0]), variables[1])) as tf.Scalar;

  test('gives what tf.variableGrads gives, and no entry where the loss does not reach', () => {
    tf.tidy(() => {
      const found = lossGradients(loss, variables);
      const { value, grads } = tf.variableGrads(loss, variables);
      expect(found.loss.dataSync()).toEqual(value.dataSync());
      expect([...found.gradients.keys()]).toEqual(variables.slice(0, 2));
      for (const [variable, gradient] of found.gradients) {
        expect(gradient.dataSync()).toEqual(grads[variable.name].dataSync());
      }
    });
  });

  test('a loss that throws leaks nothing and leaves the engine able to differentiate', () => {
    const before = tf.memory().numTensors;
    expect(() =>
      lossGradients(() => {
        loss();
        throw new Error('no');
      }, variables),
    ).toThrow('no');
    expect(tf.memory().numTensors).toBe(before);
    const { loss: value, gradients } = lossGradients(loss, variables);
    tf.dispose([value, ...gradients.values()]);
    expect(tf.memory().numTensors).toBe(before);
  });

  test('a vector is no loss', () => {
    expect(() => lossGradients(() => tf.square(variables[0]) as unknown as tf.Scalar, variables)).toThrow(
      GradientError,
    );
  });
});
