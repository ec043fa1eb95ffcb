import type { Metric } from '@espalier/core';
import { countOverlaps, type SegmentMap } from '../label-map.js';

/**
 * Panoptic quality, PQ = SQ · RQ of each class, averaged over the classes that are in the truth or were found. From
 * 0 to 1; 0 where there is no segment at all. A found and a true segment of one class match when their intersection
 * is more than half of their union; the part of a found segment where the truth is unknown is not counted, and one
 * that lies mostly there, or in a crowd of its class, is neither right nor wrong.
 *
 * A. Kirillov et al., "Panoptic Segmentation", CVPR 2019, section 4; the reference is `panopticapi`.
 */
export function panopticQuality(): Metric<SegmentMap, SegmentMap> {
  return qualityMetric(
    'PQ',
    ({ hits, overlap, missed, invented }) => overlap / (hits + (missed + invented) / 2),
  );
}

/** Segmentation quality: the mean intersection over union of segments that match. See `panopticQuality`. */
export function segmentationQuality(): Metric<SegmentMap, SegmentMap> {
  return qualityMetric('SQ', ({ hits, overlap }) => (hits === 0 ? 0 : overlap / hits));
}

/** Recognition quality: the F1 score of finding segments. See `panopticQuality`. */
export function recognitionQuality(): Metric<SegmentMap, SegmentMap> {
  return qualityMetric('RQ', ({ hits, missed, invented }) => hits / (hits + (missed + invented) / 2));
}

/** How the segments of one class were found. */
interface Tally {
  hits: number;
  /** The sum of the intersections over union of the hits. */
  overlap: number;
  missed: number;
  invented: number;
}

function qualityMetric(name: string, quality: (tally: Tally) => number): Metric<SegmentMap, SegmentMap> {
  return {
    name,
    better: 'higher',
    compute(predictions, labels) {
      const tallies = new Map<number, Tally>();
      for (const [picture, found] of predictions.entries()) tallyPicture(found, labels[picture], tallies);
      const qualities = [...tallies.values()].map(quality);
      return qualities.reduce((sum, value) => sum + value, 0) / Math.max(qualities.length, 1);
    },
  };
}

function tallyPicture(found: SegmentMap, truth: SegmentMap, tallies: Map<number, Tally>): void {
  const { foundAreas, trueAreas, unknownAreas, shared } = countOverlaps(found, truth);
  const tallyOf = (index: number) => {
    const tally = tallies.get(index) ?? { hits: 0, overlap: 0, missed: 0, invented: 0 };
    tallies.set(index, tally);
    return tally;
  };
  const matched = new Set<number>();
  for (const [index, segment] of truth.segments.entries()) {
    const place = index + 1;
    if (segment.crowd || trueAreas[place] === 0) continue;
    // More than half of the union: at most one segment can have that.
    const match = found.segments.findIndex((other, otherIndex) => {
      const common = shared(otherIndex + 1, place);
      return other.class === segment.class && common / unionOf(otherIndex + 1, common, place) > 0.5;
    });
    const tally = tallyOf(segment.class);
    if (match < 0) {
      tally.missed++;
      continue;
    }
    const common = shared(match + 1, place);
    tally.hits++;
    tally.overlap += common / unionOf(match + 1, common, place);
    matched.add(match);
  }
  for (const [index, segment] of found.segments.entries()) {
    const place = index + 1;
    const area = foundAreas[place] + unknownAreas[place];
    if (matched.has(index) || area === 0) continue;
    const excused = truth.segments.reduce(
      (sum, other, otherIndex) =>
        other.crowd && other.class === segment.class ? sum + shared(place, otherIndex + 1) : sum,
      unknownAreas[place],
    );
    if (excused / area <= 0.5) tallyOf(segment.class).invented++;
  }

  function unionOf(foundPlace: number, common: number, truePlace: number): number {
    return foundAreas[foundPlace] + trueAreas[truePlace] - common;
  }
}
