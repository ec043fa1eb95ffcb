import { expect, test } from 'vitest';
import { cells, photographs, testData, trainingData } from '../src/sets.js';

const grey = (width: number, height: number) => ({
  width,
  height,
  channels: 3,
  pixels: new Float32Array(width * height * 3).fill(0.5),
});
const box = (kind: number, x: number) => ({ class: kind, x, y: 0.3, width: 0.3, height: 0.4 });

test('a picture of cells says where they are, and which kinds there are', () => {
  const { width, height } = cells.size;
  const boxes = [box(0, 0.1), box(0, 0.5), box(2, 0.3)];
  const { input, labels } = testData(cells, [{ id: 'a', picture: grey(width, height), boxes }]).at(0);
  expect(labels).toEqual({ cells: boxes, presence: [0, 2] });
  // (value − 127) / 128 of 127.5.
  expect(input).toEqual(new Float32Array(width * height * 3).fill(0.5 / 128));
});

test('a photograph says where the raccoons are, and whether there is more than one', () => {
  const { width, height } = photographs.size;
  const pictures = [[box(0, 0.1)], [box(0, 0.1), box(0, 0.6)]].map((boxes, index) => ({
    id: String(index),
    picture: grey(width, height),
    boxes,
  }));
  const data = testData(photographs, pictures);
  expect([data.at(0).labels.company, data.at(1).labels.company]).toEqual([0, 1]);

  const training = trainingData(photographs, pictures, 1);
  const seen = Array.from({ length: 6 }, (_, epoch) => training.at(0, epoch));
  for (const { input, labels } of seen) {
    expect(input).toHaveLength(width * height * 3);
    expect(labels.company).toBe(Number((labels.raccoons?.length ?? 0) > 1));
  }
  expect(new Set(seen.map(({ labels }) => JSON.stringify(labels.raccoons))).size).toBeGreaterThan(3);
});
