import { BackendWasm } from '@tensorflow/tfjs-backend-wasm';
import * as tf from '@tensorflow/tfjs-core';
import { beforeEach, expect, test } from 'vitest';
import * as engine from '../src/index.js';
import { makeOutput, withScratch } from '../src/wasm/heap.js';

let backend: BackendWasm;
beforeEach(async () => {
  await engine.use('wasm');
  const current = tf.backend();
  if (!(current instanceof BackendWasm)) throw new Error('this test runs on WASM');
  backend = current;
});

const fail = () => {
  throw new RangeError('on purpose');
};

test('an output is given back when filling it throws', () => {
  const before = backend.numDataIds();
  expect(() => makeOutput(backend, [3], fail)).toThrow(RangeError);
  expect(backend.numDataIds()).toBe(before);
});

test('working memory is given back when the work throws', () => {
  const before = backend.numDataIds();
  expect(() => withScratch(backend, [3, 4], fail)).toThrow(RangeError);
  expect(backend.numDataIds()).toBe(before);
});

test('the heap may grow while a kernel runs', () => {
  tf.tidy(() => {
    const bytes = () => (backend.wasm as unknown as { HEAPU8: Uint8Array }).HEAPU8.length;
    const before = bytes();
    // Each product is larger than the last, so that sooner or later one is where the heap grows.
    for (let size = 64; bytes() === before; size *= 2) {
      const x = tf.ones([size, 64]);
      expect(tf.max(tf.matMul(x, tf.ones([size, 64]), false, true)).dataSync()[0]).toBe(64);
    }
  });
});
