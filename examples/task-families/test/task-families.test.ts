import * as tf from '@tensorflow/tfjs-core';
import { expect, test } from 'vitest';
import { measure } from '../src/experiment.js';
import { family, trueGroups } from '../src/family.js';

test('of families with known partners, affinity ranks them first and the search finds the groups', async () => {
  const before = tf.memory().numTensors;
  const found = [];
  for (const seed of [100, 101]) found.push((await measure(seed))['heads from zero, share of summed losses']);
  expect(found.map(({ partnersFirst, groupsFound }) => [partnersFirst, groupsFound])).toEqual([
    [true, true],
    [true, true],
  ]);
  expect(tf.memory().numTensors).toBe(before);
});

test('a family is the same for the same seed, and its partners correlate', () => {
  const examples = family(1, 500);
  expect(family(1, 500)).toEqual(examples);
  expect(family(2, 500)).not.toEqual(examples);
  expect(trueGroups).toEqual([
    ['a0', 'a1'],
    ['b0', 'b1'],
    ['c0', 'c1'],
  ]);
  const correlation = (first: 'a0', second: 'a1' | 'b0') => {
    const dot = (x: 'a0' | 'a1' | 'b0', y: 'a0' | 'a1' | 'b0') =>
      examples.reduce((sum, { labels }) => sum + labels[x] * labels[y], 0);
    return dot(first, second) / Math.sqrt(dot(first, first) * dot(second, second));
  };
  expect(correlation('a0', 'a1')).toBeGreaterThan(0.6);
  expect(correlation('a0', 'b0')).toBeLessThan(0.5);
});
