import type { Metric } from '@espalier/core';
import { type ClassMap, checkSameSize, UNKNOWN } from '../label-map.js';
import { once } from './once.js';

/**
 * The mean over the classes of intersection over union, counted over the pixels of all pictures whose class is
 * known. From 0 to 1. A class that is neither in the truth nor predicted does not count.
 *
 * M. Everingham et al., "The Pascal Visual Object Classes Challenge", 2015, section 4.2; the reference is scikit-learn's
 * `jaccard_score` with `average='macro'`.
 */
export function meanIntersectionOverUnion(classes: number): Metric<ClassMap, ClassMap> {
  return {
    name: 'mIoU',
    better: 'higher',
    compute(predictions, labels) {
      const confusion = confusionMatrix(predictions, labels, classes);
      const overlaps = Array.from({ length: classes }, (_, index) =>
        overlapOf(confusion, classes, index),
      ).filter((overlap) => !Number.isNaN(overlap));
      return overlaps.reduce((sum, overlap) => sum + overlap, 0) / Math.max(overlaps.length, 1);
    },
  };
}

/**
 * Intersection over union of one class, counted over the pixels of all pictures whose class is known. From 0 to 1; 0
 * where the class is neither in the truth nor predicted.
 */
export function classIntersectionOverUnion(
  classes: readonly string[],
  index: number,
): Metric<ClassMap, ClassMap> {
  return {
    name: `IoU ${classes[index]}`,
    better: 'higher',
    compute(predictions, labels) {
      return overlapOf(confusionMatrix(predictions, labels, classes.length), classes.length, index) || 0;
    },
  };
}

/** The share of the pixels with a known class that have the right one, from 0 to 1; 0 where no pixel is known. */
export function pixelAccuracy(classes: number): Metric<ClassMap, ClassMap> {
  return {
    name: 'pixel accuracy',
    better: 'higher',
    compute(predictions, labels) {
      const confusion = confusionMatrix(predictions, labels, classes);
      const pixels = confusion.reduce((sum, count) => sum + count, 0);
      let right = 0;
      for (let index = 0; index < classes; index++) right += confusion[index * classes + index];
      return right / Math.max(pixels, 1);
    },
  };
}

/** How many pixels of each class (rows) were given each class (columns). */
const confusionMatrix = once(countPixels);

function countPixels(
  predictions: readonly ClassMap[],
  labels: readonly ClassMap[],
  classes: number,
): Float64Array {
  const counts = new Float64Array(classes * classes);
  for (const [picture, truth] of labels.entries()) {
    checkSameSize(predictions[picture], truth);
    const found = predictions[picture].values;
    for (let pixel = 0; pixel < found.length; pixel++) {
      const known = truth.values[pixel];
      if (known !== UNKNOWN) counts[known * classes + found[pixel]]++;
    }
  }
  return counts;
}

/** NaN where the class is neither in the truth nor predicted. */
function overlapOf(confusion: Float64Array, classes: number, index: number): number {
  let union = -confusion[index * classes + index];
  for (let other = 0; other < classes; other++) {
    union += confusion[index * classes + other] + confusion[other * classes + index];
  }
  return confusion[index * classes + index] / union;
}
