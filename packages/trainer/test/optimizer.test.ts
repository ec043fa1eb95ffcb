import { adamW, constant, warmupCosine } from '@espalier/trainer';
import * as tf from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { expect, test } from 'vitest';

/** AdamW as its paper writes it (algorithm 2), on plain numbers. */
function reference(start: number[], gradients: number[][], rate: number, decay: number): number[] {
  let [mean, square] = [start.map(() => 0), start.map(() => 0)];
  return gradients.reduce((weights, gradient, step) => {
    mean = mean.map((old, i) => 0.9 * old + 0.1 * gradient[i]);
    square = square.map((old, i) => 0.999 * old + 0.001 * gradient[i] ** 2);
    return weights.map((weight, i) => {
      const unbiased = mean[i] / (1 - 0.9 ** (step + 1));
      const size = Math.sqrt(square[i] / (1 - 0.999 ** (step + 1))) + 1e-8;
      return weight - (rate * unbiased) / size - rate * decay * weight;
    });
  }, start);
}

const numbers = fc.array(fc.double({ min: -3, max: 3, noNaN: true }), { minLength: 4, maxLength: 4 });

test('AdamW is what its paper says', () => {
  fc.assert(
    fc.property(numbers, fc.array(numbers, { minLength: 1, maxLength: 6 }), (start, gradients) => {
      const expected = reference(start, gradients, 0.1, 0.3);
      const optimizer = adamW({ weightDecay: 0.3 });
      const variable = tf.tidy(() => tf.variable(tf.tensor2d(start, [2, 2])));
      for (const gradient of gradients) {
        tf.tidy(() => optimizer.update(new Map([[variable, tf.tensor2d(gradient, [2, 2])]]), 0.1));
      }
      const found = variable.dataSync();
      optimizer.dispose();
      variable.dispose();
      for (const [index, value] of expected.entries())
        expect(Math.abs(found[index] - value)).toBeLessThan(1e-4);
    }),
    { numRuns: 100 },
  );
});

test('biases do not decay, and a variable without a gradient keeps its value', () => {
  const before = tf.memory().numTensors;
  const optimizer = adamW({ weightDecay: 0.5 });
  const [bias, idle] = tf.tidy(() => [tf.variable(tf.tensor1d([1, 2])), tf.variable(tf.tensor2d([[3]]))]);
  tf.tidy(() => optimizer.update(new Map([[bias, tf.tensor1d([0, 0])]]), 0.1));
  expect(Array.from(bias.dataSync())).toEqual([1, 2]);
  expect(Array.from(idle.dataSync())).toEqual([3]);
  optimizer.dispose();
  tf.dispose([bias, idle]);
  expect(tf.memory().numTensors).toBe(before);
});

test('schedules', () => {
  const rates = Array.from({ length: 100 }, (_, step) => warmupCosine(1, 0.1)(step, 100));
  expect(rates[0]).toBeCloseTo(0.1);
  expect(rates[9]).toBe(1);
  expect(rates[10]).toBe(1);
  expect(rates[55]).toBeCloseTo(0.5);
  expect(rates[99]).toBeLessThan(0.001);
  expect(rates.slice(10).every((rate, index, falling) => index === 0 || rate < falling[index - 1])).toBe(
    true,
  );
  expect(constant(0.3)(7, 10)).toBe(0.3);
});
