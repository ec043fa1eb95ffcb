/** What this pixel shows is not known. */
export const UNKNOWN = -1;

/** A whole number for every pixel of a picture. */
export interface LabelMap {
  readonly width: number;
  readonly height: number;
  /** `width` × `height` values in row-major order. */
  readonly values: Int32Array;
}

/** A segment's class, as a place in the data set's classes. */
export interface MapSegment {
  readonly class: number;
  /** Many objects that nobody took apart. */
  readonly crowd?: boolean;
}

/** Which segment every pixel belongs to: 0 is none, n is `segments[n - 1]`, and `UNKNOWN` is unknown. */
export interface SegmentMap extends LabelMap {
  readonly segments: readonly MapSegment[];
}
