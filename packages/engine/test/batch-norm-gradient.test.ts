// It registers the gradients of tfjs-core's operations.

import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import * as engine from '../src/index.js';
import { distance, memory, random } from './both-backends.js';
import { isNativeInstalled } from './native-installed.js';

const names = [...((await isNativeInstalled()) ? ['native' as const] : []), 'wasm', 'cpu'] as const;

const length = fc.integer({ min: 1, max: 4 });

/** The gradients of a sum of cubes of what `normalise` makes of `x`, by espalier's tape and by tfjs's. */
function bothWays(
  shape: number[],
  normalise: (x: tf.Tensor, offset: tf.Tensor, scale: tf.Tensor) => tf.Tensor,
) {
  const variables = tf.tidy(() =>
    [shape, shape.slice(-1), shape.slice(-1)].map((shape, seed) => tf.variable(random(shape, seed + 1))),
  );
  const [x, offset, scale] = variables as [tf.Variable, tf.Variable, tf.Variable];
  const weights = random(shape, 5);
  const loss = () => tf.sum(tf.mul(weights, tf.pow(normalise(tf.mul(x, 3), offset, scale), 3))) as tf.Scalar;
  const found = engine.lossGradients(loss, variables);
  const expected = tf.variableGrads(loss, variables);
  const gradients = variables.map((variable) => ({
    found: found.gradients.get(variable)!.dataSync(),
    expected: expected.grads[variable.name]!.dataSync(),
  }));
  tf.dispose([
    weights,
    ...variables,
    found.loss,
    ...found.gradients.values(),
    expected.value,
    expected.grads,
  ]);
  return gradients;
}

describe.each(names)('the gradient of batch normalisation on %s', (name) => {
  beforeAll(async () => {
    await engine.use(name);
  });

  test('by its own moments is what tfjs takes step by step', () => {
    fc.assert(
      fc.property(
        fc.array(length, { minLength: 1, maxLength: 3 }),
        fc.integer({ min: 6, max: 9 }),
        length,
        fc.constantFrom(1e-3, 0.5),
        (others, batch, channels, epsilon) => {
          const shape = [batch, ...others.slice(1), channels];
          const axes = shape.slice(1).map((_, axis) => axis);
          const gradients = bothWays(shape, (x, offset, scale) => {
            const { mean, variance } = tf.moments(x, axes);
            return tf.batchNorm(x, mean, variance, offset, scale, epsilon);
          });
          for (const { found, expected } of gradients) expect(distance(found, expected)).toBeLessThan(2e-4);
        },
      ),
      { numRuns: 30 },
    );
  });

  test('by moments over other axes, of another tensor, or changed, is left as it is', () => {
    const ways: Record<string, (x: tf.Tensor) => { mean: tf.Tensor; variance: tf.Tensor }> = {
      'other axes': (x) => tf.moments(x, [1, 2, 3]),
      'another tensor': (x) => tf.moments(tf.mul(x, 2), [0, 1, 2]),
      'another variance': (x) => ({
        mean: tf.mean(x, [0, 1, 2]),
        variance: tf.mean(tf.square(x), [0, 1, 2]),
      }),
      changed: (x) => {
        const { mean, variance } = tf.moments(x, [0, 1, 2]);
        return { mean, variance: tf.add(variance, 1) };
      },
      'other axes of the variance': (x) => {
        const mean = tf.mean(x, [0, 1, 2]);
        const deviation = tf.square(tf.sub(tf.cast(x, 'float32'), tf.reshape(mean, [1, 1, 1, -1])));
        return { mean, variance: tf.mean(deviation, [1, 2, 3]) };
      },
    };
    for (const [way, moments] of Object.entries(ways)) {
      // As many examples as channels: shapes do not tell the axes apart.
      const gradients = bothWays([3, 2, 2, 3], (x, offset, scale) => {
        const { mean, variance } = moments(x);
        return tf.batchNorm(
          x,
          mean as tf.Tensor1D,
          variance as tf.Tensor1D,
          offset as tf.Tensor1D,
          scale as tf.Tensor1D,
        );
      });
      for (const { found, expected } of gradients) expect(distance(found, expected), way).toBeLessThan(1e-5);
    }
  });

  test('a layer of tfjs has it, and leaks nothing', () => {
    const layer = tfl.layers.batchNormalization();
    const x = tf.variable(random([4, 3, 3, 2], 1));
    tf.dispose(layer.apply(x) as tf.Tensor);
    const variables = [x, ...layer.trainableWeights.map((weight) => weight.read() as tf.Variable)];
    const loss = () => tf.sum(tf.pow(layer.apply(x, { training: true }) as tf.Tensor, 3)) as tf.Scalar;
    const before = memory();
    const found = engine.lossGradients(loss, variables);
    const expected = tf.variableGrads(loss, variables);
    for (const [variable, gradient] of found.gradients) {
      expect(distance(gradient.dataSync(), expected.grads[variable.name]!.dataSync())).toBeLessThan(1e-4);
    }
    tf.dispose([found.loss, ...found.gradients.values(), expected.value, expected.grads]);
    expect(memory()).toEqual(before);
    layer.dispose();
    x.dispose();
  });

  test('is there without an offset too', () => {
    const x = tf.variable(random<tf.Rank.R4>([4, 2, 2, 3], 1));
    const scale = tf.variable(random<tf.Rank.R1>([3], 2));
    const loss = (offset?: tf.Tensor1D) => () => {
      const { mean, variance } = tf.moments(x, [0, 1, 2]);
      const moments = [mean, variance] as [tf.Tensor1D, tf.Tensor1D];
      return tf.sum(tf.pow(tf.batchNorm(x, ...moments, offset, scale), 3)) as tf.Scalar;
    };
    tf.tidy(() => {
      const expected = engine.lossGradients(loss(tf.zeros([3])), [x, scale]).gradients;
      for (const [variable, gradient] of engine.lossGradients(loss(), [x, scale]).gradients) {
        expect(distance(gradient.dataSync(), expected.get(variable)!.dataSync())).toBeLessThan(1e-4);
      }
    });
    tf.dispose([x, scale]);
  });
});
