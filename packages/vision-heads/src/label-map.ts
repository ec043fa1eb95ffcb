import { TaskError } from '@espalier/core';

/** In a map: what this pixel shows is not known. It counts in no loss and in no metric. */
export const UNKNOWN = -1;

/** A whole number for every pixel of a picture. */
export interface PixelMap {
  readonly width: number;
  readonly height: number;
  /** `width` × `height` values in row-major order. Only a signed array can hold `UNKNOWN`. */
  readonly values: Uint8Array | Uint16Array | Int32Array;
}

/** Which class every pixel shows, as a place in the head's `classes`, or `UNKNOWN`. */
export type ClassMap = PixelMap;

/** One connected thing, or everything of one kind, in a `SegmentMap`. */
export interface Segment {
  /** A place in the head's `classes`. */
  readonly class: number;
  /** The segment is a crowd that nobody took apart: finding things in it is neither right nor wrong. */
  readonly crowd?: boolean;
}

/**
 * Which segment every pixel belongs to: 0 is none, n is `segments[n - 1]`, and `UNKNOWN` is unknown. Segments
 * do not overlap, and need not be connected.
 */
export interface SegmentMap<S extends Segment = Segment> extends PixelMap {
  readonly segments: readonly S[];
}

/** A segment that a head found. */
export interface FoundSegment<Class extends string = string> extends Segment {
  /** The class's name. */
  readonly label: Class;
  /** How sure the head is, from 0 to 1. */
  readonly score: number;
}

/** How many pixels the segments of two maps of one picture have, and share. */
export interface Overlaps {
  /** Pixels of the found segment n that the truth knows, at n; pixels without a segment at 0. */
  readonly foundAreas: Float64Array;
  /** Of the true segments; unknown pixels belong to none. */
  readonly trueAreas: Float64Array;
  /** Pixels of the found segment n where the truth is unknown, at n. */
  readonly unknownAreas: Float64Array;
  /** Pixels that the found segment n and the true one m share. */
  shared(found: number, truth: number): number;
}

/** @throws RangeError when the maps have different sizes. */
export function countOverlaps(found: SegmentMap, truth: SegmentMap): Overlaps {
  checkSameSize(found, truth);
  const foundAreas = new Float64Array(found.segments.length + 1);
  const trueAreas = new Float64Array(truth.segments.length + 1);
  const unknownAreas = new Float64Array(found.segments.length + 1);
  const shared = new Float64Array(foundAreas.length * trueAreas.length);
  for (let pixel = 0; pixel < truth.values.length; pixel++) {
    const own = found.values[pixel];
    const other = truth.values[pixel];
    if (other === UNKNOWN) {
      unknownAreas[own]++;
      continue;
    }
    foundAreas[own]++;
    trueAreas[other]++;
    shared[own * trueAreas.length + other]++;
  }
  return {
    foundAreas,
    trueAreas,
    unknownAreas,
    shared: (own, other) => shared[own * trueAreas.length + other],
  };
}

/** @throws RangeError when two maps have different sizes. */
export function checkSameSize(found: PixelMap, truth: PixelMap): void {
  if (found.width === truth.width && found.height === truth.height) return;
  throw new RangeError(
    `A map of ${found.width} × ${found.height} pixels cannot be compared with one of ${truth.width} × ` +
      `${truth.height}; give both at one size.`,
  );
}

/** @throws TaskError when a map has not the size of the head's output, or not as many values as pixels. */
export function checkMapSize(
  map: PixelMap,
  { width, height }: { width: number; height: number },
  task: string,
): void {
  if (map.width !== width || map.height !== height) {
    throw new TaskError(
      task,
      `found a map of ${map.width} × ${map.height} pixels; expected one of ${width} × ${height}, the size of the ` +
        "features. Scale the map (nearest neighbour), or end the trunk at the map's size.",
    );
  }
  if (map.values.length !== width * height) {
    throw new TaskError(
      task,
      `found a map with ${map.values.length} values; expected ${width} × ${height} = ${width * height}.`,
    );
  }
}
