import '@tensorflow/tfjs-backend-cpu';
// In Node it is tfjs-layers that registers the gradients: tfjs-core's bundle has none.
import '@tensorflow/tfjs-layers';
import * as tf from '@tensorflow/tfjs-core';
import { expect } from 'vitest';
import * as engine from '../src/index.js';

/** Random values between -1 and 1: the same for the same shape and seed, on every backend. */
export function random<Rank extends tf.Rank>(shape: tf.ShapeMap[Rank], seed: number): tf.Tensor<Rank> {
  return tf.randomUniform<Rank>(shape, -1, 1, 'float32', seed);
}

export function runKernel(
  name: string,
  inputs: Record<string, tf.Tensor>,
  attrs: Record<string, unknown>,
): tf.Tensor {
  return tf
    .engine()
    .runKernel(name, inputs, attrs as Parameters<ReturnType<typeof tf.engine>['runKernel']>[2]);
}

/**
 * Expects the same values of plain JavaScript and of WASM, to 1e-5 of the largest; and that WASM keeps no memory.
 */
export async function expectSame(compute: () => tf.Tensor | tf.Tensor[]): Promise<void> {
  await tf.setBackend('cpu');
  const expected = read(compute);
  await engine.use('wasm');
  const before = memory();
  const found = read(compute);
  expect(memory(), 'tensors and buffers').toEqual(before);
  expect(found.map(({ shape }) => shape)).toEqual(expected.map(({ shape }) => shape));
  found.forEach(({ values }, index) => {
    expect(distance(values, expected[index]!.values), `relative difference of result ${index}`).toBeLessThan(
      1e-5,
    );
  });
}

export function memory(): { tensors: number; buffers: number } {
  return { tensors: tf.memory().numTensors, buffers: tf.backend().numDataIds() };
}

function read(compute: () => tf.Tensor | tf.Tensor[]): { shape: number[]; values: ArrayLike<number> }[] {
  const results = tf.tidy(compute);
  const tensors = Array.isArray(results) ? results : [results];
  const copies = tensors.map((tensor) => ({ shape: tensor.shape, values: tensor.dataSync<'float32'>() }));
  tf.dispose(tensors);
  return copies;
}

/** The largest difference, as a part of the largest value. NaN where either has one: no test passes with it. */
export function distance(found: ArrayLike<number>, expected: ArrayLike<number>): number {
  let difference = 0;
  let scale = 1e-30;
  for (let index = 0; index < expected.length; index++) {
    difference = Math.max(difference, Math.abs(found[index]! - expected[index]!));
    scale = Math.max(scale, Math.abs(expected[index]!));
  }
  return difference / scale;
}
