import { seededRandom } from '@espalier/core';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { shuffledBatches } from '../src/sampler.js';

test('every epoch sees every example once, whatever the batch size', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 40 }),
      fc.integer({ min: 1, max: 50 }),
      fc.integer(),
      (length, size, seed) => {
        const batches = shuffledBatches(length, size, seededRandom(seed));
        const seen = Array.from({ length: length * 2 }, () => batches.next().value).flat();
        for (let epoch = 0; epoch < 2 * size; epoch++) {
          const own = seen.slice(epoch * length, (epoch + 1) * length);
          expect(own.every((draw) => draw.epoch === epoch)).toBe(true);
          expect(new Set(own.map(({ index }) => index)).size).toBe(length);
          expect(Math.max(...own.map(({ index }) => index))).toBe(length - 1);
        }
      },
    ),
    { numRuns: 100 },
  );
});

test('all orders are equally likely', () => {
  const random = seededRandom(1);
  const counts = new Map<string, number>();
  for (let draw = 0; draw < 6000; draw++) {
    const order = shuffledBatches(3, 3, random)
      .next()
      .value.map(({ index }) => index)
      .join('');
    counts.set(order, (counts.get(order) ?? 0) + 1);
  }
  expect(counts.size).toBe(6);
  // Five standard deviations of a binomial with n = 6000 and p = 1/6.
  for (const count of counts.values())
    expect(Math.abs(count - 1000)).toBeLessThan(5 * Math.sqrt(6000 * (1 / 6) * (5 / 6)));
});
