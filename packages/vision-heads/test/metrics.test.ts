import { readFileSync } from 'node:fs';
import { accuracy, averagePrecision, type DetectedBox, type LabelledBox } from '@espalier/vision-heads';
import { describe, expect, test } from 'vitest';

interface CocoCase {
  readonly seed: number;
  readonly pictures: { readonly labels: LabelledBox[]; readonly predictions: Omit<DetectedBox, 'label'>[] }[];
  readonly ap50: number;
}

const cases: CocoCase[] = JSON.parse(
  readFileSync(new URL('./reference/coco-ap50.json', import.meta.url), 'utf8'),
);
const ap50 = averagePrecision(0.5);
const named = (boxes: readonly Omit<DetectedBox, 'label'>[]) =>
  boxes.map((box) => ({ ...box, label: `${box.class}` }));

describe('average precision', () => {
  test.each(cases)('is what pycocotools says, drawn with seed $seed', ({ pictures, ap50: expected }) => {
    const value = ap50.compute(
      pictures.map(({ predictions }) => named(predictions)),
      pictures.map(({ labels }) => labels),
    );
    expect(value).toBeCloseTo(expected, 10);
  });

  const object = { x: 0.1, y: 0.1, width: 0.4, height: 0.4, class: 0 };
  const found = { ...object, label: 'thing', score: 0.9 };

  test('is 1 for exactly the objects, and 0 for nothing', () => {
    expect(ap50.compute([[found]], [[object]])).toBe(1);
    expect(ap50.compute([[]], [[object]])).toBe(0);
  });

  test('is 0 where there is nothing to find', () => {
    expect(ap50.compute([[found]], [[]])).toBe(0);
  });

  test('counts an object once', () => {
    // The second hit comes before the second object is found.
    const other = { ...object, x: 0.55 };
    const value = ap50.compute(
      [[found, { ...found, score: 0.8 }, { ...found, ...other, score: 0.7 }]],
      [[object, other]],
    );
    expect(value).toBeCloseTo((51 + 50 * (2 / 3)) / 101, 10);
  });

  test('an overlap of exactly the threshold is enough', () => {
    const half = { ...object, width: 0.2 };
    expect(ap50.compute([[{ ...found, ...half }]], [[object]])).toBe(1);
  });
});

test('accuracy is the share of right classes', () => {
  expect(accuracy((index: number) => index).compute([0, 1, 2, 2], [0, 1, 1, 2])).toBe(0.75);
});
