import { headConformance } from '@espalier/core/testing';
import { detection, intersectionOverUnion, type LabelledBox } from '@espalier/vision-heads';
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
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

describe('boxes that are learned in the area around their centre', () => {
  const areas = detection({ classes: ['square', 'circle'], channels: 6, regression: 'area' });
  const labels = [
    [box(0.1, 0.1, 0.3, 0.5)],
    [box(0.5, 0.2, 0.4, 0.4, 1), box(0, 0.6, 0.2, 0.2)],
    [],
    [box(0, 0, 1, 1, 1)],
  ];
  for (const { name, run } of headConformance({ head: areas, featureShape: [8, 8, 4], labels }))
    test(`keep the contract: ${name}`, run);

  test('are right in every cell that learns them, and there the loss is none', () => {
    fc.assert(
      fc.property(boxes, (drawn) => {
        tf.tidy(() => {
          const target = areas.encode([[drawn]], context);
          const [heat, truth, weights] = tf.split(target, [2, 4, 1], -1);
          const quiet = tf.sub(tf.mul(tf.cast(tf.equal(heat, 1), 'float32'), 40), 20);
          const loss = areas.losses(tf.concat([quiet, truth], -1), target).dataSync()[0];
          expect(loss).toBeLessThan(1e-3);
          expect(tf.sum(weights).dataSync()[0]).toBeCloseTo(1, 5);
        });
      }),
      { numRuns: 50 },
    );
  });

  test('that are elsewhere cost five times 1 − GIoU, also where nothing overlaps', () => {
    fc.assert(
      fc.property(boxes, boxes, (drawn, other) => {
        tf.tidy(() => {
          const one = detection({ classes: ['square', 'circle'], regression: 'area' });
          const target = one.encode([[drawn]], { task: 'shapes', outputShape: [1, 1, 6] });
          const wrong = one.encode([[other]], { task: 'shapes', outputShape: [1, 1, 6] });
          const [heat, truth] = tf.split(target, [2, 4, 1], -1);
          const [, elsewhere] = tf.split(wrong, [2, 4, 1], -1);
          const scores = tf.sub(tf.mul(heat, 40), 20);
          const loss = (found: tf.Tensor) => one.losses(tf.concat([scores, found], -1), target).dataSync()[0];
          const [right, bottom] = [
            Math.max(drawn.x + drawn.width, other.x + other.width),
            Math.max(drawn.y + drawn.height, other.y + other.height),
          ];
          const around = (right - Math.min(drawn.x, other.x)) * (bottom - Math.min(drawn.y, other.y));
          const overlap = intersectionOverUnion(drawn, other);
          const areasOf = drawn.width * drawn.height + other.width * other.height;
          const union = areasOf / (1 + overlap);
          const expected = 5 * (1 - overlap + (around - union) / around);
          expect(loss(elsewhere) - loss(truth)).toBeCloseTo(expected, 3);
        });
      }),
      { numRuns: 100 },
    );
  });

  test('of a small object in front of a large one, the small one has the cells that both want', () => {
    tf.tidy(() => {
      const large = box(0, 0, 1, 1);
      const small = box(0.45, 0.45, 0.15, 0.15, 1);
      for (const drawn of [
        [large, small],
        [small, large],
      ]) {
        const values = areas.encode([drawn], context).dataSync();
        const cell = (4 * 8 + 4) * 7;
        expect(values[cell + 4]).toBeCloseTo(Math.log(0.15), 5);
      }
    });
  });

  test('begin as the whole picture, however large the features are', () => {
    tf.tidy(() => {
      const features = tfl.input({ shape: [8, 8, 4] });
      const network = tfl.model({ inputs: features, outputs: areas.connect([features], 'shapes') });
      const output = network.predict(tf.randomUniform([2, 8, 8, 4], -100, 100, 'float32', 1)) as tf.Tensor;
      const boxes = tf.slice(output, [0, 0, 0, 2], [-1, -1, -1, 4]);
      expect(tf.max(tf.abs(boxes)).dataSync()[0]).toBeLessThan(1);
      network.dispose();
    });
  });

  test('are found by a network that has learned them', async () => {
    await fc.assert(
      fc.asyncProperty(boxes, async (drawn) => {
        const output = tf.tidy(() => {
          const [heat, truth] = tf.split(areas.encode([[drawn]], context), [2, 4, 1], -1);
          return tf.concat([tf.sub(tf.mul(heat, 20), 10), truth], -1);
        });
        const [[found]] = await areas.decode(output);
        output.dispose();
        for (const side of ['x', 'y', 'width', 'height'] as const)
          expect(found[side]).toBeCloseTo(drawn[side], 4);
      }),
      { numRuns: 50 },
    );
  });
});
