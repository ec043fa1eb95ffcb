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

  test('relu passes the gradient on above 0 only, and has a second one', () => {
    tf.tidy(() => {
      const x = tf.tensor1d([-2, 0, 3, 4]);
      const cube = (x: tf.Tensor) => tf.mul(tf.square(tf.relu(x)), x);
      const first = tf.grad(cube);
      const second = tf.grad((x: tf.Tensor) => first(x));
      expect([...first(x).dataSync()]).toEqual([0, 0, 27, 48]);
      expect([...second(x).dataSync()]).toEqual([0, 0, 18, 24]);
    });
  });

  test('tanh and clipping pass the gradient on by their slopes', () => {
    tf.tidy(() => {
      const x = tf.tensor1d([-1.5, -1, 0.25, 1, 2]);
      const slopes = [...x.dataSync()].map((x) => 1 - Math.tanh(x) ** 2);
      tf.grad(tf.tanh)(x)
        .dataSync()
        .forEach((slope, index) => {
          expect(slope).toBeCloseTo(slopes[index]!, 6);
        });
      // Both ends are inside.
      const clipped = (x: tf.Tensor) => tf.mul(tf.square(x), tf.clipByValue(x, -1, 1));
      expect([...tf.grad(clipped)(x).dataSync()]).toEqual([3, 3, 0.1875, 3, 4]);
    });
  });

  test.runIf(name === 'native')('the gradient of tanh has gradients', () => {
    tf.tidy(() => {
      const slope = (y: tf.Tensor, dy: tf.Tensor): tf.Tensor => tf.engine().runKernel('TanhGrad', { y, dy });
      const gradients = tf.grads((y, dy) => slope(y!, dy!))([tf.tensor1d([0.5]), tf.tensor1d([3])]);
      expect(gradients.map((gradient) => gradient.dataSync()[0])).toEqual([-2 * 0.5 * 3, 1 - 0.5 ** 2]);
    });
  });

  test('sums, means and repetitions pass the gradient on to every value', () => {
    tf.tidy(() => {
      const x = tf.tensor2d([1, 2, 3, 4, 5, 6], [2, 3]);
      const loss = (x: tf.Tensor) =>
        tf.sum(tf.mul(tf.tile(tf.mean(x, 0, true), [2, 1]), tf.add(x, tf.sum(x))));
      // sum over i, j of (s + x_ij) * m_j, where m are the means of the columns (2.5, 3.5, 4.5) and s = 21
      const expected = [1, 2, 3, 4, 5, 6].map((_, index) => 2.5 + (index % 3) + 21 + 21 + 2.5 + (index % 3));
      expect([...tf.grad(loss)(x).dataSync()]).toEqual(expected);
    });
  });

  test('a vector is no loss', () => {
    expect(() => lossGradients(() => tf.square(variables[0]) as unknown as tf.Scalar, variables)).toThrow(
      GradientError,
    );
  });
});
