import { readFileSync } from 'node:fs';
import {
  classIntersectionOverUnion,
  type FoundSegment,
  maskAveragePrecision,
  meanIntersectionOverUnion,
  panopticQuality,
  pixelAccuracy,
  recognitionQuality,
  type Segment,
  type SegmentMap,
  segmentationQuality,
  UNKNOWN,
} from '@espalier/vision-heads';
import { describe, expect, test } from 'vitest';

interface Side<S extends Segment> {
  readonly values: number[];
  readonly segments: S[];
}

interface Case {
  readonly name: string;
  readonly classes: number;
  readonly pictures: { readonly truth: Side<Segment>; readonly found: Side<FoundSegment> }[];
  readonly ap50: number;
  readonly map: number;
  readonly pq: number;
  readonly sq: number;
  readonly rq: number;
  readonly miou: number;
  readonly accuracy: number;
}

const SIDE = 16;
const cases: Case[] = JSON.parse(
  readFileSync(new URL('./reference/segmentation.json', import.meta.url), 'utf8'),
);
const mapOf = <S extends Segment>({ values, segments }: Side<S>): SegmentMap<S> => ({
  width: SIDE,
  height: SIDE,
  values: Int32Array.from(values),
  segments,
});
/** Class 0 is what no segment covers. */
const classesOf = ({ values, segments }: Side<Segment>) => ({
  width: SIDE,
  height: SIDE,
  values: Int32Array.from(values, (value) => (value > 0 ? segments[value - 1].class + 1 : value)),
});

describe.each(cases)('of $name', (expected) => {
  const found = expected.pictures.map((picture) => mapOf(picture.found));
  const truth = expected.pictures.map((picture) => mapOf(picture.truth));

  test('mask AP is what pycocotools says', () => {
    expect(maskAveragePrecision(0.5).compute(found, truth)).toBeCloseTo(expected.ap50, 10);
    expect(maskAveragePrecision().compute(found, truth)).toBeCloseTo(expected.map, 10);
  });

  test('PQ, SQ and RQ are what panopticapi’s protocol says', () => {
    expect(panopticQuality().compute(found, truth)).toBeCloseTo(expected.pq, 10);
    expect(segmentationQuality().compute(found, truth)).toBeCloseTo(expected.sq, 10);
    expect(recognitionQuality().compute(found, truth)).toBeCloseTo(expected.rq, 10);
  });

  test('mIoU and pixel accuracy are what scikit-learn says', () => {
    const foundClasses = expected.pictures.map((picture) => classesOf(picture.found));
    const trueClasses = expected.pictures.map((picture) => classesOf(picture.truth));
    const classes = expected.classes + 1;
    expect(meanIntersectionOverUnion(classes).compute(foundClasses, trueClasses)).toBeCloseTo(
      expected.miou,
      10,
    );
    expect(pixelAccuracy(classes).compute(foundClasses, trueClasses)).toBeCloseTo(expected.accuracy, 10);
  });
});

test('metrics are named as the field names them', () => {
  expect(maskAveragePrecision().name).toBe('mAP@[.50:.95]');
  expect(maskAveragePrecision(0.75).name).toBe('AP75');
  expect([panopticQuality(), segmentationQuality(), recognitionQuality()].map(({ name }) => name)).toEqual([
    'PQ',
    'SQ',
    'RQ',
  ]);
});

test('where nothing is known, pixel metrics are 0', () => {
  const [found] = [{ width: 1, height: 1, values: Int32Array.of(0) }];
  const truth = { width: 1, height: 1, values: Int32Array.of(UNKNOWN) };
  expect(meanIntersectionOverUnion(2).compute([found], [truth])).toBe(0);
  expect(pixelAccuracy(2).compute([found], [truth])).toBe(0);
});

test('the pixels of the same lists are counted once for all pixel metrics, and anew for others', () => {
  let reads = 0;
  const truth = {
    width: 2,
    height: 1,
    get values() {
      reads++;
      return Int32Array.of(0, 1);
    },
  };
  const found = { width: 2, height: 1, values: Uint8Array.of(0, 0) };
  const lists = [[found], [truth]] as const;
  expect(pixelAccuracy(2).compute(...lists)).toBe(0.5);
  const once = reads;
  expect(meanIntersectionOverUnion(2).compute(...lists)).toBe(0.25);
  expect(classIntersectionOverUnion(['a', 'b'], 0).compute(...lists)).toBe(0.5);
  expect(reads).toBe(once);
  expect(pixelAccuracy(2).compute(lists[0], [{ width: 2, height: 1, values: Int32Array.of(0, 0) }])).toBe(1);
  expect(pixelAccuracy(3).compute(...lists)).toBe(0.5);
  expect(reads).toBe(2 * once);
});

test('maps of different sizes are refused', () => {
  const map = (width: number, height: number) => ({ width, height, values: new Uint8Array(4), segments: [] });
  expect(() => panopticQuality().compute([map(4, 1)], [map(2, 2)])).toThrow(/4 × 1 pixels.*2 × 2/);
  expect(() => pixelAccuracy(2).compute([map(4, 1)], [map(2, 2)])).toThrow(/4 × 1 pixels.*2 × 2/);
});
