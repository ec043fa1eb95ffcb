import type { Metric } from '@espalier/core';
import { countOverlaps, type FoundSegment, type SegmentMap } from '../label-map.js';
import {
  averagePrecisionName,
  type Candidates,
  COCO_OVERLAPS,
  meanAveragePrecision,
} from './precision-recall.js';

/**
 * Average precision of masks as COCO measures it, from 0 to 1: at one intersection over union, or averaged over
 * 0.5, 0.55, …, 0.95 unless one is given. 0 where there is no object at all.
 *
 * Pixels where the truth is unknown count for no mask, and a found segment without another pixel is left out.
 *
 * T.-Y. Lin et al., "Microsoft COCO", 2014; the reference is `pycocotools.COCOeval` of `segm` with area `all`.
 */
export function maskAveragePrecision(overlap?: number): Metric<SegmentMap, SegmentMap<FoundSegment>> {
  const overlaps = overlap === undefined ? COCO_OVERLAPS : [overlap];
  return {
    name: averagePrecisionName(overlaps),
    better: 'higher',
    compute(predictions, labels) {
      const counted = predictions.map((found, picture) => candidatesOf(found, labels[picture]));
      const classes = new Set(labels.flatMap(({ segments }) => segments.map((segment) => segment.class)));
      return meanAveragePrecision(
        [...classes].map((index) => counted.map((picture) => picture(index))),
        overlaps,
      );
    },
  };
}

/** The candidates of a class in one picture. */
function candidatesOf(
  found: SegmentMap<FoundSegment>,
  truth: SegmentMap,
): (classIndex: number) => Candidates {
  const { foundAreas, trueAreas, shared } = countOverlaps(found, truth);
  return (classIndex) => {
    const detections = placesOf(found, foundAreas, classIndex);
    const objects = placesOf(truth, trueAreas, classIndex);
    const crowds = objects.map((object) => truth.segments[object - 1].crowd === true);
    return {
      scores: detections.map((detection) => found.segments[detection - 1].score),
      crowds,
      overlap(detection, object) {
        const common = shared(detections[detection], objects[object]);
        const own = foundAreas[detections[detection]];
        return common / (crowds[object] ? own : own + trueAreas[objects[object]] - common);
      },
    };
  };
}

/** The values in the map of the segments that are of this class and have a pixel. */
function placesOf({ segments }: SegmentMap, areas: Float64Array, classIndex: number): number[] {
  return segments.flatMap((segment, index) =>
    segment.class === classIndex && areas[index + 1] > 0 ? [index + 1] : [],
  );
}
