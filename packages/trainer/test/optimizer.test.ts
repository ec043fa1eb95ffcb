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
      const variable = tf.tidy(() => tf.variable(tf.tensor2d(start, [2, 2])));
      const optimizer = adamW({ weightDecay: 0.3 }).init(new Map([['weight', variable]]));
      for (const gradient of gradients) {
        tf.tidy(() => {
          const context = { learningRate: tf.scalar(0.1) };
          const changes = optimizer.update(new Map([['weight', tf.tensor2d(gradient, [2, 2])]]), context);
          variable.assign(tf.add(variable, changes.get('weight')!));
        });
      }
      const found = variable.dataSync();
      tf.dispose([variable, ...optimizer.slots.values()]);
      for (const [index, value] of expected.entries())
        expect(Math.abs(found[index] - value)).toBeLessThan(1e-4);
    }),
    { numRuns: 100 },
  );
});

test('biases do not decay, and a weight without a gradient gets no change', () => {
  const before = tf.memory().numTensors;
  const [bias, idle] = tf.tidy(() => [tf.variable(tf.tensor1d([1, 2])), tf.variable(tf.tensor2d([[3]]))]);
  const optimizer = adamW({ weightDecay: 0.5 }).init(
    new Map<string, tf.Variable>([
      ['bias', bias],
      ['idle', idle],
    ]),
  );
  tf.tidy(() => {
    const context = { learningRate: tf.scalar(0.1) };
    const changes = optimizer.update(new Map([['bias', tf.tensor1d([0, 0])]]), context);
    expect([...changes.keys()]).toEqual(['bias']);
    expect(Array.from(changes.get('bias')!.dataSync(), Math.abs)).toEqual([0, 0]);
  });
  tf.dispose([bias, idle, ...optimizer.slots.values()]);
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
