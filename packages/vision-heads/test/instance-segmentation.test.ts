import { headConformance } from '@espalier/core/testing';
import { instanceSegmentation, maskAveragePrecision, type SegmentMap, UNKNOWN } from '@espalier/vision-heads';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, test } from 'vitest';

const cells = instanceSegmentation({ classes: ['round', 'long'], channels: 4 });
const SIDE = 32;
const context = { task: 'cells', outputShape: [SIDE, SIDE, 6] };

/** Discs, the later ones on top. */
function discs(...all: { x: number; y: number; radius: number; class: number }[]): SegmentMap {
  const values = new Int32Array(SIDE * SIDE);
  for (const [index, { x, y, radius }] of all.entries()) {
    for (let pixel = 0; pixel < values.length; pixel++) {
      const distance = ((pixel % SIDE) - x) ** 2 + (Math.floor(pixel / SIDE) - y) ** 2;
      if (distance <= radius ** 2) values[pixel] = index + 1;
    }
  }
  return { width: SIDE, height: SIDE, values, segments: all.map((disc) => ({ class: disc.class })) };
}

const touching = discs(
  { x: 8, y: 10, radius: 6, class: 0 },
  { x: 18, y: 12, radius: 5, class: 1 },
  { x: 24, y: 26, radius: 4, class: 0 },
);
const unequal = discs({ x: 12, y: 16, radius: 10, class: 0 }, { x: 25, y: 16, radius: 3, class: 0 });
const empty = discs();

describe('instance segmentation keeps the contract', () => {
  const labels = [touching, discs({ x: 16, y: 16, radius: 9, class: 1 }), empty];
  for (const { name, run } of headConformance({ head: cells, featureShape: [SIDE, SIDE, 3], labels }))
    test(name, run);
});

/** The output that the encoded labels ask for. */
function perfectOutput(label: SegmentMap): tf.Tensor {
  return tf.tidy(() => {
    const [classIndex, heat, offsets] = tf.split(cells.encode([label], context), [1, 1, 2], -1);
    const scores = tf.mul(tf.oneHot(tf.cast(tf.squeeze(classIndex, [-1]), 'int32'), 3), 30);
    const bounded = tf.clipByValue(heat, 1e-6, 1 - 1e-6);
    return tf.concat([scores, tf.log(tf.div(bounded, tf.sub(1, bounded))), offsets], -1);
  });
}

test('a perfect output takes touching objects apart exactly, and has no loss', async () => {
  const output = perfectOutput(touching);
  const [found] = await cells.decode(output);
  expect(found.segments.map(({ label }) => label).sort()).toEqual(['long', 'round', 'round']);
  expect(Math.min(...found.segments.map(({ score }) => score))).toBeGreaterThan(0.9);
  expect(maskAveragePrecision().compute([found], [touching])).toBe(1);
  tf.tidy(() => {
    expect(cells.losses(output, cells.encode([touching], context)).dataSync()[0]).toBeLessThan(1e-6);
    expect(
      cells.losses(tf.zerosLike(output), cells.encode([touching], context)).dataSync()[0],
    ).toBeGreaterThan(1);
  });
  output.dispose();
});

test('without offsets, touching objects do not come apart where they touch', async () => {
  const output = tf.tidy(() => {
    const [others] = tf.split(perfectOutput(unequal), [4, 2], -1);
    return tf.concat([others, tf.fill([1, SIDE, SIDE, 2], 0)], -1);
  });
  const [found] = await cells.decode(output);
  output.dispose();
  expect(found.segments.length).toBe(2);
  expect(maskAveragePrecision(0.9).compute([found], [unequal])).toBeLessThan(1);
  const whole = perfectOutput(unequal);
  const [exact] = await cells.decode(whole);
  whole.dispose();
  expect(maskAveragePrecision(0.9).compute([exact], [unequal])).toBe(1);
});

test('an empty picture has no objects', async () => {
  const output = perfectOutput(empty);
  const [found] = await cells.decode(output);
  output.dispose();
  expect(found.segments).toEqual([]);
  expect(found.values.every((value) => value === 0)).toBe(true);
});

test('unknown pixels and crowds change neither loss nor gradient', () => {
  const label = { ...touching, values: touching.values.slice(), segments: touching.segments.slice() };
  label.segments[0] = { class: 0, crowd: true };
  for (let pixel = 0; pixel < SIDE; pixel++) label.values[pixel] = UNKNOWN;
  const unknown = Float32Array.from(label.values, (value) => Number(value === UNKNOWN || value === 1));
  tf.tidy(() => {
    const target = cells.encode([label], context);
    const gradient = tf.grad((output) => tf.sum(cells.losses(output, target)))(
      tf.randomNormal([1, SIDE, SIDE, 6], 0, 1, 'float32', 1),
    );
    const mask = tf.tensor4d(unknown, [1, SIDE, SIDE, 1]);
    expect(tf.max(tf.abs(tf.mul(gradient, mask))).dataSync()[0]).toBe(0);
    expect(tf.max(tf.abs(tf.mul(gradient, tf.sub(1, mask)))).dataSync()[0]).toBeGreaterThan(0);
  });
});

test.each([
  [
    { ...empty, values: new Int32Array(SIDE * SIDE).fill(1) },
    /segment 1 in column 0, row 0 of a map with 0 segments/,
  ],
  [
    { ...touching, segments: [{ class: 0 }, { class: 0 }, { class: 2 }] },
    /segment 3 of the class 2; .* 0 to 1/,
  ],
  [{ ...empty, height: 16 }, /32 × 16 pixels; expected one of 32 × 32/],
])('a map that cannot be learned is refused', (bad, message) => {
  expect(() => cells.encode([bad], context)).toThrow(message);
  expect(() => cells.encode([bad], context)).toThrow(/Task "cells"/);
});
