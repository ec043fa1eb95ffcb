import { type Head, type Predictions, type Random, seededRandom } from '@espalier/core';
import * as testing from '@espalier/core/testing';
import { sum, type Weighting } from '@espalier/losses';

interface Box {
  readonly x: number;
}

type Heads = {
  readonly digit: Head<number, number>;
  readonly boxes: Head<readonly Box[], readonly Box[]>;
};

export const random: Random = seededRandom(1);
export const weighting: Weighting = sum();
export const kit: object = testing;

export function firstBox({ boxes }: Predictions<Heads>): Box | undefined {
  return boxes[0]?.[0];
}

export function unknownTask(predictions: Predictions<Heads>) {
  // @ts-expect-error there is no such task
  return predictions.masks;
}
