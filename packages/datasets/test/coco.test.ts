import { readFileSync } from 'node:fs';
import { DatasetError, parseCoco } from '@espalier/datasets';
import { afterEach, describe, expect, test, vi } from 'vitest';

interface MaskCase {
  readonly width: number;
  readonly height: number;
  readonly segmentation: unknown;
  readonly pixels: string;
}

const masks: MaskCase[] = JSON.parse(
  readFileSync(new URL('./reference/coco-masks.json', import.meta.url), 'utf8'),
);

const image = { id: 7, file_name: 'a.jpg', width: 8, height: 6 };
const square = {
  id: 1,
  image_id: 7,
  category_id: 3,
  bbox: [0, 0, 4, 4],
  segmentation: [[0, 0, 4, 0, 4, 4, 0, 4]],
  iscrowd: 0,
};
const inner = {
  ...square,
  id: 2,
  category_id: 9,
  bbox: [1, 1, 2, 2],
  segmentation: [[1, 1, 3, 1, 3, 3, 1, 3]],
  iscrowd: 1,
};
const categories = [
  { id: 3, name: 'car' },
  { id: 9, name: 'dog' },
];
const file = (changes: object = {}) =>
  JSON.stringify({ images: [image], annotations: [square, inner], categories, ...changes });

afterEach(() => vi.restoreAllMocks());

test.each(masks.map((mask, index) => ({ index, ...mask })))(
  'mask $index covers the pixels that pycocotools sees',
  ({ width, height, segmentation, pixels }) => {
    const sized = { ...image, width, height };
    const annotation = { ...square, segmentation, bbox: [0, 0, width, height] };
    const text = file({ images: [sized], annotations: [annotation] });
    if (!pixels.includes('1')) {
      expect(() => parseCoco(text)).toThrow(/its mask has no pixel in the picture/);
      return;
    }
    expect(parseCoco(text).pictures[0].segments().values.join('')).toBe(pixels);
  },
);

test('says what the file says, with the smaller object on top', () => {
  const { classes, pictures, leftOut } = parseCoco(file());
  expect(classes).toEqual(['car', 'dog']);
  expect(leftOut).toEqual([]);
  expect(pictures).toHaveLength(1);
  expect(pictures[0]).toMatchObject({ id: 7, file: 'a.jpg', width: 8, height: 6 });
  expect(pictures[0].objects).toEqual([
    { id: 1, class: 0, x: 0, y: 0, width: 0.5, height: 4 / 6, crowd: false },
    { id: 2, class: 1, x: 1 / 8, y: 1 / 6, width: 2 / 8, height: expect.closeTo(2 / 6), crowd: true },
  ]);
  const { values, segments } = pictures[0].segments();
  expect(segments).toEqual([
    { class: 0, crowd: false },
    { class: 1, crowd: true },
  ]);
  expect(Array.from(values.subarray(0, 32)).join('')).toBe('11110000122100001221000011110000');
});

const faults: [string, object, RegExp][] = [
  ['a picture that is not there', { image_id: 8 }, /its picture is not among the images: image_id 8/],
  ['an unknown class', { category_id: 4 }, /its class is not among the categories: category_id 4/],
  ['a box outside', { bbox: [6, 0, 4, 4] }, /no area, or is not in the picture: \[6, 0, 4, 4\] in 8 × 6/],
  ['a box without an area', { bbox: [1, 1, 0, 4] }, /no area/],
  ['no box', { bbox: undefined }, /its bbox is not/],
  ['no segmentation', { segmentation: [] }, /neither polygons nor run lengths/],
  ['two corners', { segmentation: [[1, 1, 2, 2]] }, /not three or more corners: 4 numbers/],
  [
    'too few runs',
    { segmentation: { size: [6, 8], counts: [10, 5] } },
    /do not cover the picture: 15 pixels of 48/,
  ],
  [
    'a mask of another size',
    { segmentation: { size: [8, 6], counts: [48] } },
    /another size.*6 × 8, and not 8 × 6/,
  ],
  [
    'broken compression',
    { segmentation: { size: [6, 8], counts: '!' } },
    /cannot be read: the character "!"/,
  ],
  ['a mask outside', { segmentation: [[20, 0, 24, 0, 24, 4]] }, /no pixel in the picture/],
];

describe.each(faults)('an annotation with %s', (_, change, message) => {
  const text = file({ annotations: [square, { ...inner, ...change }] });

  test('is an error that names file, place and remedy', () => {
    expect(() => parseCoco(text, { file: 'train.json' })).toThrow(DatasetError);
    expect(() => parseCoco(text, { file: 'train.json' })).toThrow(message);
    expect(() => parseCoco(text, { file: 'train.json' })).toThrow(
      /^train\.json: annotations\[1\] \(id 2\): .* onBadExample: 'skip'/,
    );
  });

  test('is left out and told when that is wanted', () => {
    const told = vi.spyOn(console, 'warn').mockImplementation(() => {});
    const { pictures, leftOut } = parseCoco(text, { file: 'train.json', onBadExample: 'skip' });
    expect(pictures[0].objects.map(({ id }) => id)).toEqual([1]);
    expect(leftOut).toHaveLength(1);
    expect(leftOut[0].where).toBe('train.json: annotations[1] (id 2)');
    expect(told).toHaveBeenCalledTimes(1);
    expect(told.mock.calls[0][0]).toContain('1 of 3 examples left out');
  });
});

test('a picture without a size is bad, and its annotations with it', () => {
  const text = file({ images: [{ ...image, width: 0 }] });
  expect(() => parseCoco(text)).toThrow(/images\[0\] \(id 7\): .*a\.jpg, 0 × 6/);
  vi.spyOn(console, 'warn').mockImplementation(() => {});
  expect(parseCoco(text, { onBadExample: 'skip' }).leftOut).toHaveLength(3);
});

test('what is not such a file is refused by name and line', () => {
  expect(() => parseCoco('{\n"images": [],\n oops', { file: 'x.json' })).toThrow(/^x\.json:3: is not JSON/);
  expect(() => parseCoco('[]', { file: 'x.json' })).toThrow(/x\.json: has no list "images"/);
  expect(() => parseCoco(file({ categories: {} }))).toThrow(/has no list "categories"/);
});
