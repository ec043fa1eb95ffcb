import {
  type FoundSegment,
  mergePanoptic,
  panopticQuality,
  type SegmentedPicture,
  type SegmentMap,
} from '@espalier/vision-heads';
import { expect, test } from 'vitest';

const classes = ['sky', 'road', 'car'] as const;
type Class = (typeof classes)[number];
const semantic: SegmentedPicture<Class> = {
  width: 4,
  height: 2,
  classes,
  values: Int32Array.of(0, 0, 0, 2, 1, 2, 2, 2),
  probabilities: new Float32Array(8).fill(1),
};
const instances: SegmentMap<FoundSegment<'car'>> = {
  width: 4,
  height: 2,
  values: Int32Array.of(0, 0, 0, 0, 0, 1, 2, 0),
  segments: [
    { class: 0, label: 'car', score: 0.9 },
    { class: 0, label: 'car', score: 0.8 },
  ],
};

test('instances go before stuff, and things without an instance are nothing', () => {
  const merged = mergePanoptic(semantic, instances, ['car']);
  expect([...merged.values]).toEqual([3, 3, 3, 0, 4, 1, 2, 0]);
  expect(merged.segments).toEqual([
    { class: 2, label: 'car' },
    { class: 2, label: 'car' },
    { class: 0, label: 'sky' },
    { class: 1, label: 'road' },
  ]);
  expect(panopticQuality().compute([merged], [merged])).toBe(1);
});

test('stuff that is too small is left out', () => {
  const merged = mergePanoptic(semantic, instances, ['car'], { leastStuffArea: 2 });
  expect([...merged.values]).toEqual([3, 3, 3, 0, 0, 1, 2, 0]);
});

test('maps that do not fit together are refused', () => {
  expect(() => mergePanoptic({ ...semantic, width: 2, height: 4 }, instances, ['car'])).toThrow(/4 × 2/);
  const boats = { ...instances, segments: [{ class: 0, label: 'boat' as Class, score: 1 }] };
  expect(() => mergePanoptic(semantic, boats, ['car'])).toThrow(/"boat"; expected one of sky, road, car/);
});
