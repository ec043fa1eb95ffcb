import * as tf from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { balance } from '../src/cluster/balance.js';

test('parameter servers hold about as many bytes: they differ by one variable at most', () => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 1, max: 50 }), { minLength: 1, maxLength: 20 }),
      fc.integer({ min: 1, max: 5 }),
      (sizes, servers) => {
        const variables = sizes.map((size) => tf.variable(tf.zeros([size])));
        const places = balance(variables, [], servers);
        const held = Array.from({ length: servers }, () => 0);
        for (const variable of variables) held[places.get(variable)!]! += variable.size;
        tf.dispose(variables);
        expect(places.size).toBe(variables.length);
        expect(Math.max(...held) - Math.min(...held)).toBeLessThanOrEqual(Math.max(...sizes));
      },
    ),
    { numRuns: 50 },
  );
});
