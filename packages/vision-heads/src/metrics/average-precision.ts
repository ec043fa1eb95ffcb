import type { Metric } from '@espalier/core';
import { type DetectedBox, intersectionOverUnion, type LabelledBox } from '../box.js';

/** Precision is read off at these recalls: 0, 0.01, …, 1. */
const RECALLS = Array.from({ length: 101 }, (_, index) => index / 100);
/** Only the best detections of each picture and class count. */
const MOST_DETECTIONS = 100;

/**
 * Average precision at one intersection over union, as COCO measures it: the mean over the classes that have
 * objects of the interpolated precision at 101 recalls. From 0 to 1; 0 where there is no object at all.
 *
 * T.-Y. Lin et al., "Microsoft COCO", 2014; the reference is `pycocotools.COCOeval` with area `all`.
 */
export function averagePrecision(overlap: number): Metric<readonly LabelledBox[], readonly DetectedBox[]> {
  return {
    name: `AP${Math.round(overlap * 100)}`,
    better: 'higher',
    compute(predictions, labels) {
      const classes = new Set(labels.flatMap((boxes) => boxes.map((box) => box.class)));
      const precisions = [...classes].map((index) =>
        classPrecision(
          predictions.map((boxes) => boxes.filter((box) => box.class === index)),
          labels.map((boxes) => boxes.filter((box) => box.class === index)),
          overlap,
        ),
      );
      return precisions.reduce((sum, precision) => sum + precision, 0) / Math.max(precisions.length, 1);
    },
  };
}

/** The average precision of one class; one entry a picture in both lists. */
function classPrecision(
  predictions: readonly (readonly DetectedBox[])[],
  labels: readonly (readonly LabelledBox[])[],
  overlap: number,
): number {
  const objects = labels.reduce((sum, boxes) => sum + boxes.length, 0);
  const detections = predictions
    .flatMap((boxes, picture) => matchPicture(boxes, labels[picture], overlap))
    .sort((a, b) => b.score - a.score);

  let hits = 0;
  const curve = detections.map(({ hit }, rank) => {
    if (hit) hits++;
    return { recall: hits / objects, precision: hits / (rank + 1) };
  });
  // From the right, so that precision never rises with recall.
  for (let rank = curve.length - 2; rank >= 0; rank--) {
    curve[rank].precision = Math.max(curve[rank].precision, curve[rank + 1].precision);
  }
  let rank = 0;
  let sum = 0;
  for (const recall of RECALLS) {
    while (rank < curve.length && curve[rank].recall < recall) rank++;
    sum += rank < curve.length ? curve[rank].precision : 0;
  }
  return sum / RECALLS.length;
}

/** Gives every detection of a picture, best first, the free object that it overlaps most, if that is enough. */
function matchPicture(detections: readonly DetectedBox[], objects: readonly LabelledBox[], overlap: number) {
  const free = new Set(objects);
  return detections
    .toSorted((a, b) => b.score - a.score)
    .slice(0, MOST_DETECTIONS)
    .map((detection) => {
      let best: LabelledBox | undefined;
      // COCO's own tolerance: an overlap that is equal up to rounding is enough.
      let bestOverlap = Math.min(overlap, 1 - 1e-10);
      for (const object of free) {
        const found = intersectionOverUnion(detection, object);
        if (found < bestOverlap) continue;
        bestOverlap = found;
        best = object;
      }
      if (best !== undefined) free.delete(best);
      return { score: detection.score, hit: best !== undefined };
    });
}
