import { headConformance } from '@espalier/core/testing';
import { detection, type LabelledBox } from '@espalier/vision-heads';
import * as tf from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

const shapes = detection({ classes: ['square', 'circle'], channels: 6 });
const context = { task: 'shapes', outputShape: [8, 8, 6] };
const box = (x: number, y: number, width: number, height: number, index = 0): LabelledBox => ({
  x,
  y,
  width,
  height,
  class: index,
});

describe('detection keeps the contract', () => {
  const labels = [
    [box(0.1, 0.1, 0.3, 0.5)],
    [box(0.5, 0.2, 0.4, 0.4, 1), box(0, 0.6, 0.2, 0.2)],
    [],
    [box(0, 0, 1, 1, 1)],
  ];
  for (const { name, run } of headConformance({ head: shapes, featureShape: [8, 8, 4], labels }))
    test(name, run);
});

/** The output of a network that has learned its target by heart. */
function perfectOutput(labels: readonly (readonly LabelledBox[])[]): tf.Tensor {
  return tf.tidy(() => {
    const [heat, boxes] = tf.split(shapes.encode(labels, context), [2, 4, 1], -1);
    const scores = tf.sub(tf.mul(tf.cast(tf.equal(heat, 1), 'float32'), 20), 10);
    return tf.concat([scores, boxes], -1);
  });
}

const boxes = fc
  .record({
    x: fc.double({ min: 0, max: 0.8, noNaN: true }),
    y: fc.double({ min: 0, max: 0.8, noNaN: true }),
    width: fc.double({ min: 0.05, max: 0.2, noNaN: true }),
    height: fc.double({ min: 0.05, max: 0.2, noNaN: true }),
    class: fc.integer({ min: 0, max: 1 }),
  })
  .map((drawn) => ({ ...drawn }));

test('what is encoded is what a perfect output is decoded to', async () => {
  await fc.assert(
    fc.asyncProperty(boxes, async (drawn) => {
      const output = perfectOutput([[drawn]]);
      const [found] = await shapes.decode(output);
      output.dispose();
      expect(found).toHaveLength(1);
      expect(found[0].label).toBe(['square', 'circle'][drawn.class]);
      for (const side of ['x', 'y', 'width', 'height'] as const)
        expect(found[0][side]).toBeCloseTo(drawn[side], 4);
    }),
    { numRuns: 100 },
  );
});

test('the better the output, the smaller the loss', () => {
  tf.tidy(() => {
    const labels = [[box(0.1, 0.1, 0.3, 0.5), box(0.5, 0.5, 0.3, 0.3, 1)]];
    const target = shapes.encode(labels, context);
    const perfect = perfectOutput(labels);
    const loss = (output: tf.Tensor) => shapes.losses(output, target).dataSync()[0];
    const shifted = tf.add(perfect, tf.tensor1d([0, 0, 0.5, 0, 0, 0]));
    expect(loss(perfect)).toBeLessThan(1e-3);
    expect(loss(shifted)).toBeCloseTo(loss(perfect) + 0.5, 4);
    expect(loss(tf.zerosLike(perfect))).toBeGreaterThan(1);
  });
});

test('a picture without objects has a finite loss that asks for silence', () => {
  tf.tidy(() => {
    const target = shapes.encode([[]], context);
    const quiet = shapes.losses(tf.fill([1, 8, 8, 6], -10), target).dataSync()[0];
    const loud = shapes.losses(tf.fill([1, 8, 8, 6], 2), target).dataSync()[0];
    expect(quiet).toBeLessThan(1e-3);
    expect(loud).toBeGreaterThan(1);
  });
});

test.each([
  [box(0.9, 0, 0.2, 0.1), /inside the picture/],
  [box(0.1, 0.1, 0, 0.1), /with an area/],
  [box(0.1, 0.1, Number.NaN, 0.1), /with an area/],
  [box(0.1, 0.1, 0.1, 0.1, 2), /class index 2; expected a whole number from 0 to 1/],
])('%o is refused', (bad, message) => {
  expect(() => shapes.encode([[bad]], context)).toThrow(message);
  expect(() => shapes.encode([[bad]], context)).toThrow(/Task "shapes"/);
});
