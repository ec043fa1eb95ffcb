import { expect, test } from 'vitest';
import { alignTaps } from '../src/wasm/align-taps.js';
import { transposedPhases } from '../src/wasm/phases.js';

test('with a stride, each phase of the input gathers by its own taps', () => {
  // Inputs 0..4, a filter of 3 in steps of 2, padded by 1: outputs 0, 1 and 2 are centred on 0, 2 and 4.
  expect(transposedPhases(3, 1, 2, 1, 5, 3)).toEqual([
    { first: 0, length: 3, taps: [1], dilation: 1, before: 0, after: 0 },
    { first: 1, length: 2, taps: [2, 0], dilation: 1, before: 0, after: 0 },
  ]);
});

test('a phase that no output sees is left out', () => {
  // Input 1 would belong to output 1, and there is only output 0.
  expect(transposedPhases(2, 1, 2, 1, 2, 1).map(({ first }) => first)).toEqual([0]);
});

test('rows are far enough apart for what a shift overhangs', () => {
  const { phases, pitch, reach } = alignTaps(3, 1, 1, 4, 4);
  expect(phases).toEqual([
    {
      phase: 0,
      taps: [
        { tap: 0, shift: -1 },
        { tap: 1, shift: 0 },
        { tap: 2, shift: 1 },
      ],
    },
  ]);
  // One zero between rows serves the end of one and the beginning of the next.
  expect({ pitch, reach }).toEqual({ pitch: 5, reach: 1 });
});
