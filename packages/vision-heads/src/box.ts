/** A rectangle in a picture. All numbers are fractions of the picture's width and height, from 0 to 1. */
export interface Box {
  /** The left edge. */
  readonly x: number;
  /** The upper edge. */
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** A box that somebody drew around an object, and the object's class as a place in the head's `classes`. */
export interface LabelledBox extends Box {
  readonly class: number;
}

/** A box that a detection head found. */
export interface DetectedBox<Class extends string = string> extends LabelledBox {
  /** The class's name. */
  readonly label: Class;
  /** How sure the head is, from 0 to 1. */
  readonly score: number;
}

/** Intersection over union of two boxes, from 0 (apart) to 1 (equal). */
export function intersectionOverUnion(a: Box, b: Box): number {
  const width = Math.min(a.x + a.width, b.x + b.width) - Math.max(a.x, b.x);
  const height = Math.min(a.y + a.height, b.y + b.height) - Math.max(a.y, b.y);
  if (width <= 0 || height <= 0) return 0;
  const intersection = width * height;
  return intersection / (a.width * a.height + b.width * b.height - intersection);
}

/**
 * Greedy non-maximum suppression: the boxes of the highest scores, without those that overlap a better one of
 * their class by more than `threshold` (intersection over union).
 */
export function nonMaximumSuppression<B extends Box & { readonly class: number; readonly score: number }>(
  boxes: readonly B[],
  threshold: number,
): B[] {
  const kept: B[] = [];
  const keptOfClass = new Map<number, B[]>();
  for (const box of boxes.toSorted((a, b) => b.score - a.score)) {
    const rivals = keptOfClass.get(box.class) ?? [];
    if (rivals.some((better) => intersectionOverUnion(better, box) > threshold)) continue;
    kept.push(box);
    rivals.push(box);
    keptOfClass.set(box.class, rivals);
  }
  return kept;
}
