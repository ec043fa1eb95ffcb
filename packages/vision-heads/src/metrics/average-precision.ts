import type { Metric } from '@espalier/core';
import { type DetectedBox, intersectionOverUnion, type LabelledBox } from '../box.js';
import { averagePrecisionName, COCO_OVERLAPS, meanAveragePrecision } from './precision-recall.js';

/**
 * Average precision of boxes as COCO measures it, from 0 to 1: at one intersection over union, or averaged over
 * 0.5, 0.55, …, 0.95 unless one is given. It is the mean over the classes that have objects of the interpolated
 * precision at 101 recalls; 0 where there is no object at all.
 *
 * T.-Y. Lin et al., "Microsoft COCO", 2014; the reference is `pycocotools.COCOeval` with area `all`.
 */
export function averagePrecision(overlap?: number): Metric<readonly LabelledBox[], readonly DetectedBox[]> {
  const overlaps = overlap === undefined ? COCO_OVERLAPS : [overlap];
  return {
    name: averagePrecisionName(overlaps),
    better: 'higher',
    compute(predictions, labels) {
      const classes = new Set(labels.flatMap((boxes) => boxes.map((box) => box.class)));
      const candidates = [...classes].map((index) =>
        predictions.map((boxes, picture) => {
          const found = boxes.filter((box) => box.class === index);
          const objects = labels[picture].filter((box) => box.class === index);
          return {
            scores: found.map(({ score }) => score),
            crowds: objects.map(() => false),
            overlap: (detection: number, object: number) =>
              intersectionOverUnion(found[detection], objects[object]),
          };
        }),
      );
      return meanAveragePrecision(candidates, overlaps);
    },
  };
}
