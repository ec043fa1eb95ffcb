import {
  classification,
  detection,
  imageRegression,
  instanceSegmentation,
  multiLabelClassification,
  type PixelMap,
  semanticSegmentation,
  svgPicture,
} from '@espalier/vision-heads';
import { expect, test } from 'vitest';
import { outlines } from '../src/draw/outlines.js';

const size = { width: 40, height: 20 };

/** Fills a path of straight lines at the centres of the pixels, by crossings to the left (even–odd). */
function fill(path: string, { width, height }: PixelMap): number[] {
  const loops = path
    .split('Z')
    .filter(Boolean)
    .map((loop) =>
      loop
        .slice(1)
        .split('L')
        .map((corner) => corner.split(' ').map(Number)),
    );
  return Array.from({ length: width * height }, (_, pixel) => {
    const [x, y] = [(pixel % width) + 0.5, Math.floor(pixel / width) + 0.5];
    let crossings = 0;
    for (const loop of loops) {
      for (const [index, [x1, y1]] of loop.entries()) {
        const [, y2] = loop[(index + 1) % loop.length];
        if (x1 < x && y1 > y !== y2 > y) crossings++;
      }
    }
    return crossings % 2;
  });
}

test('outlines enclose exactly the pixels of their value, holes and touching corners too', () => {
  const map = {
    width: 5,
    height: 5,
    values: Uint8Array.from('1110212102111020022200002', Number),
  };
  const paths = outlines(map, 0);
  expect([...paths.keys()].sort()).toEqual([1, 2]);
  for (const [value, path] of paths) {
    expect(fill(path, map)).toEqual(Array.from(map.values, (own) => Number(own === value)));
  }
  expect(paths.get(1)).not.toContain('L2 0L');
});

test('every head draws what it predicts', () => {
  const values = Int32Array.of(0, 1);
  const probabilities = Float32Array.of(0.2, 0.8);
  const drawings = [
    classification({ classes: ['cat', 'dog'] }).draw({ label: 'dog', index: 1, probabilities }, size),
    multiLabelClassification({ classes: ['a', 'b'] }).draw(
      { labels: ['a', 'b'], indices: [0, 1], probabilities },
      size,
    ),
    imageRegression({ quantities: { age: { mean: 0, deviation: 1 } } }).draw({ age: 12.345 }, size),
    detection({ classes: ['car'] }).draw(
      [
        { x: 0.25, y: 0, width: 0.5, height: 1, class: 0, label: 'car', score: 0.9 },
        { x: 0, y: 0, width: 1, height: 1, class: 0, label: 'car', score: 0.1 },
      ],
      size,
    ),
    semanticSegmentation({ classes: ['none', 'road'] }).draw(
      { width: 2, height: 1, values, classes: ['none', 'road'], probabilities },
      size,
    ),
    instanceSegmentation({ classes: ['cell'] }).draw(
      { width: 2, height: 1, values, segments: [{ class: 0, label: 'cell', score: 1 }] },
      size,
    ),
  ];
  expect(drawings[0]).toContain('>dog 80 %<');
  expect(drawings[1]).toContain('>a, b<');
  expect(drawings[2]).toContain('>age 12.3<');
  expect(drawings[3]).toContain('x="10" y="0" width="20" height="20"');
  expect(drawings[3].match(/fill="none"/g)).toHaveLength(1);
  for (const drawing of drawings.slice(4)) {
    expect(drawing).toContain('scale(20, 20)');
    expect(drawing).toContain('d="M1 0L2 0L2 1L1 1Z"');
  }
});

test('names of classes and files cannot break out of a drawing', () => {
  const drawing = classification({ classes: ['<script>', 'dog'] }).draw(
    { label: '<script>', index: 0, probabilities: Float32Array.of(1, 0) },
    size,
  );
  expect(drawing).not.toContain('<script>');
  expect(svgPicture('"><script>', size, [drawing])).not.toContain('<script>');
});
