import { expect, test } from 'vitest';
import { classAndBoxes, classAndPresence, compose } from '../src/networks.js';
import { digits, objects, pictures } from '../src/pictures.js';

test('the outputs are a softmax of classes and classes + 1 sigmoids; then a map of boxes in their place', () => {
  const shapes = [classAndPresence, classAndBoxes].map((heads) => {
    const model = compose<typeof heads>(heads, 1);
    const own = model.network.outputs.map(({ shape }) => shape);
    model.dispose();
    return own;
  });
  expect(shapes).toEqual([
    [
      [null, digits.length],
      [null, digits.length + 1],
    ],
    [
      [null, digits.length],
      [null, 7, 7, digits.length + 4],
    ],
  ]);
});

test('a picture is labelled for every head; without a digit there is background alone', async () => {
  const data = await pictures('test', 16, 1);
  for (const index of [0, 7, 8]) {
    const { input, labels } = data.at(index);
    expect(input).toHaveLength(224 * 224 * 3);
    expect(input.every((value) => value >= -1 && value <= 1)).toBe(true);
    if (index === 7)
      expect(labels).toEqual({ digit: undefined, presence: [objects.indexOf('background')], boxes: [] });
    else {
      expect(labels.presence).toContain(labels.digit);
      expect([...new Set(labels.boxes.map((box) => box.class))]).toEqual(labels.presence);
    }
    expect(data.at(index)).toEqual(data.at(index));
  }
});
