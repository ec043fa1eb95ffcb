import { readFileSync } from 'node:fs';
import { seededRandom } from '@espalier/core';
import { headConformance } from '@espalier/core/testing';
import { anchorDetection, type LabelledBox } from '@espalier/vision-heads';
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

const classes = ['square', 'circle'] as const;
const shapes = anchorDetection({
  classes,
  picture: { width: 64, height: 48 },
  strides: [16, 8],
  channels: 4,
});
/** 4 × 3 and 8 × 6 cells of 9 anchors. */
const context = { task: 'shapes', outputShape: [540, 6] };
const box = (x: number, y: number, width: number, height: number, index = 0): LabelledBox => ({
  x,
  y,
  width,
  height,
  class: index,
});

describe('detection with anchors keeps the contract', () => {
  const head = anchorDetection({ classes, picture: { width: 64, height: 64 }, strides: [8], channels: 6 });
  const labels = [
    [box(0.1, 0.1, 0.3, 0.5)],
    [box(0.5, 0.2, 0.4, 0.4, 1), box(0, 0.6, 0.2, 0.2)],
    [],
    [box(0, 0, 1, 1, 1)],
  ];
  for (const { name, run } of headConformance({ head, featureShape: [8, 8, 4], labels })) test(name, run);
});

interface Reference {
  readonly picture: { readonly width: number; readonly height: number };
  readonly strides: number[];
  readonly kinds: number;
  readonly boxes: LabelledBox[];
  readonly count: number;
  /** Every 7th. */
  readonly anchors: [x: number, y: number, width: number, height: number][];
  readonly ignored: number[];
  readonly shows: { readonly anchor: number; readonly class: number; readonly deltas: number[] }[];
  /** Of an output of 3 sin(1 + place). */
  readonly loss: number;
}
const references: Reference[] = JSON.parse(
  readFileSync(new URL('./reference/anchors.json', import.meta.url), 'utf8'),
);

describe.each(references)('in $picture by strides of $strides', (reference) => {
  const { picture, strides, kinds, boxes, count } = reference;
  const head = anchorDetection({
    classes: Array.from({ length: kinds }, (_, index) => `${index}`),
    picture,
    strides,
  });
  const encoded = () => head.encode([boxes], { task: 'boxes', outputShape: [count, kinds + 4] });

  test('what every anchor learns is what the reference says', () => {
    const rows = tf.tidy(() => encoded().arraySync() as number[][][])[0];
    expect(rows).toHaveLength(count);
    const places = (holds: (chosen: number) => boolean) =>
      rows.flatMap(([chosen], index) => (holds(chosen) ? [index] : []));
    expect(places((chosen) => chosen === -2)).toEqual(reference.ignored);
    expect(places((chosen) => chosen >= 0)).toEqual(reference.shows.map(({ anchor }) => anchor));
    for (const { anchor, class: index, deltas } of reference.shows) {
      expect(rows[anchor][0]).toBe(index);
      for (const [place, delta] of deltas.entries()) expect(rows[anchor][1 + place]).toBeCloseTo(delta, 5);
    }
  });

  test('the loss is the one of the formulas', () => {
    tf.tidy(() => {
      const values = Float32Array.from(
        { length: count * (kinds + 4) },
        (_, place) => 3 * Math.sin(1 + place),
      );
      const [loss] = head.losses(tf.tensor3d(values, [1, count, kinds + 4]), encoded()).dataSync();
      expect(Math.abs(loss / reference.loss - 1)).toBeLessThan(1e-5);
    });
  });

  test('the anchors are those of the paper, as far as they are inside the picture', async () => {
    for (const [index, [x, y, width, height]] of reference.anchors.entries()) {
      const output = tf.tidy(() => {
        const values = new Float32Array(count * (kinds + 4));
        for (let anchor = 0; anchor < count; anchor++)
          values.fill(-10, anchor * (kinds + 4), anchor * (kinds + 4) + kinds);
        values.fill(0, 7 * index * (kinds + 4), (7 * index + 1) * (kinds + 4));
        return tf.tensor3d(values, [1, count, kinds + 4]);
      });
      const [[found]] = await head.decode(output);
      output.dispose();
      const [left, top] = [Math.max(x, 0), Math.max(y, 0)];
      const inside = {
        x: left,
        y: top,
        width: Math.min(x + width, 1) - left,
        height: Math.min(y + height, 1) - top,
      };
      for (const side of ['x', 'y', 'width', 'height'] as const)
        expect(found[side]).toBeCloseTo(inside[side], 6);
    }
  });
});

const boxes = fc.record({
  x: fc.double({ min: 0, max: 0.5, noNaN: true }),
  y: fc.double({ min: 0, max: 0.5, noNaN: true }),
  width: fc.double({ min: 0.03, max: 0.5, noNaN: true }),
  height: fc.double({ min: 0.03, max: 0.5, noNaN: true }),
  class: fc.integer({ min: 0, max: 1 }),
});

/** The output of a network that has learned its target by heart. */
function perfectOutput(target: tf.Tensor): tf.Tensor {
  return tf.tidy(() => {
    const [chosen, deltas] = tf.split(target, [1, 4], -1);
    const truth = tf.oneHot(tf.cast(tf.squeeze(chosen, [-1]), 'int32'), 2);
    return tf.concat([tf.sub(tf.mul(truth, 20), 10), deltas], -1);
  });
}

test('whatever object is encoded, it is decoded from a perfect output, whose loss is none', async () => {
  await fc.assert(
    fc.asyncProperty(boxes, async (drawn) => {
      const target = shapes.encode([[drawn]], context);
      const output = perfectOutput(target);
      const losses = shapes.losses(output, target);
      const [found] = await shapes.decode(output);
      expect(losses.dataSync()[0]).toBeLessThan(1e-3);
      tf.dispose([target, output, losses]);
      expect(found).toHaveLength(1);
      expect(found[0].label).toBe(classes[drawn.class]);
      for (const side of ['x', 'y', 'width', 'height'] as const)
        expect(found[0][side]).toBeCloseTo(drawn[side], 4);
    }),
    { numRuns: 50 },
  );
});

test('a picture without objects has a finite loss that asks for silence', () => {
  tf.tidy(() => {
    const target = shapes.encode([[]], context);
    const loss = (score: number) => shapes.losses(tf.fill([1, 540, 6], score), target).dataSync()[0];
    expect(loss(-10)).toBeLessThan(1e-3);
    expect(loss(2)).toBeGreaterThan(1);
  });
});

test.each([
  [box(0.9, 0, 0.2, 0.1), /inside the picture/],
  [box(0.1, 0.1, 0, 0.1), /with an area/],
  [box(0.1, 0.1, 0.1, 0.1, 2), /class index 2; expected a whole number from 0 to 1/],
])('%o is refused', (bad, message) => {
  expect(() => shapes.encode([[bad]], context)).toThrow(message);
  expect(() => shapes.encode([[bad]], context)).toThrow(/Task "shapes"/);
});

test('features of other sizes than the strides say are refused, with what is expected', () => {
  const features = [
    [3, 4, 5],
    [6, 9, 5],
  ].map((shape) => tfl.input({ shape }));
  expect(() => shapes.connect(features, 'shapes')).toThrow(
    /Task "shapes": the trunk's last features are 3 × 4 × 5, 6 × 9 × 5; expected 3 × 4, 6 × 8, all of the same channels/,
  );
  expect(() => shapes.connect(features.slice(1), 'shapes')).toThrow(
    /last features are 6 × 9 × 5; expected 3 × 4, 6 × 8/,
  );
});

test.each([
  [{ picture: { width: 0, height: 8 } }, /picture is 0 × 8 pixels/],
  [{ picture: { width: 8, height: 8 }, strides: [] }, /strides is \[\]/],
  [{ picture: { width: 8, height: 8 }, strides: [8, 0.5] }, /strides is \[8, 0\.5\]/],
])('%o is refused', (options, message) => {
  expect(() => anchorDetection({ classes, ...options })).toThrow(message);
});

test('of many sure boxes, the thousand surest become objects, each once', async () => {
  const random = seededRandom(4);
  const count = 32 * 32 * 9;
  const head = anchorDetection({ classes: ['thing'], picture: { width: 256, height: 256 }, strides: [8] });
  const output = tf.tensor3d(
    Float32Array.from({ length: count * 5 }, () => random()),
    [1, count, 5],
  );
  const [found] = await head.decode(output);
  output.dispose();
  expect(found.length).toBeGreaterThan(1);
  expect(found.length).toBeLessThanOrEqual(1000);
});
