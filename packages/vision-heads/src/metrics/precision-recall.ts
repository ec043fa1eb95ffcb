/** Precision is read off at these recalls: 0, 0.01, …, 1. */
const RECALLS = Array.from({ length: 101 }, (_, index) => index / 100);
/** Only the best detections of each picture and class count. */
const MOST_DETECTIONS = 100;

/** The overlaps that COCO averages over: 0.5, 0.55, …, 0.95. */
export const COCO_OVERLAPS: readonly number[] = Array.from(
  { length: 10 },
  (_, index) => (50 + 5 * index) / 100,
);

/** The detections and objects of one class in one picture. */
export interface Candidates {
  /** The score of every detection. */
  readonly scores: readonly number[];
  /** For every object, whether it is a crowd. */
  readonly crowds: readonly boolean[];
  /**
   * How much a detection and an object overlap: intersection over union, and for a crowd the part of the detection
   * inside it.
   */
  overlap(detection: number, object: number): number;
}

/**
 * Average precision as COCO measures it: precision, made to fall with recall, at 101 recalls; averaged over the
 * least overlaps that make a detection a hit, and over the classes that have objects. 0 where there is no object.
 *
 * @param classes for every class one entry a picture.
 */
export function meanAveragePrecision(
  classes: readonly (readonly Candidates[])[],
  overlaps: readonly number[],
): number {
  const precisions = classes
    .filter((pictures) => countObjects(pictures) > 0)
    .flatMap((pictures) => overlaps.map((overlap) => averagePrecisionAt(pictures, overlap)));
  return precisions.reduce((sum, precision) => sum + precision, 0) / Math.max(precisions.length, 1);
}

/** `AP50` for one overlap of 0.5, `mAP` for COCO's ten. */
export function averagePrecisionName(overlaps: readonly number[]): string {
  if (overlaps.length === 1) return `AP${Math.round(overlaps[0] * 100)}`;
  const percent = [overlaps[0], overlaps[overlaps.length - 1]].map((overlap) => Math.round(overlap * 100));
  return `mAP@[${percent.map((value) => `.${value}`).join(':')}]`;
}

function countObjects(pictures: readonly Candidates[]): number {
  return pictures.reduce((sum, { crowds }) => sum + crowds.filter((crowd) => !crowd).length, 0);
}

function averagePrecisionAt(pictures: readonly Candidates[], overlap: number): number {
  const objects = countObjects(pictures);
  const detections = pictures
    .flatMap((candidates) => matchPicture(candidates, overlap))
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

/**
 * Gives every detection of a picture, best first, the free object that it overlaps most, if that is enough. One
 * that has only a crowd is left out.
 */
function matchPicture({ scores, crowds, overlap: overlapOf }: Candidates, overlap: number) {
  const objects = crowds.map((_, index) => index).filter((index) => !crowds[index]);
  const crowdPlaces = crowds.map((_, index) => index).filter((index) => crowds[index]);
  // COCO's own tolerance: an overlap that is equal up to rounding is enough.
  const least = Math.min(overlap, 1 - 1e-10);
  const free = new Set(objects);
  return scores
    .map((score, detection) => ({ score, detection }))
    .sort((a, b) => b.score - a.score)
    .slice(0, MOST_DETECTIONS)
    .flatMap(({ score, detection }) => {
      let best: number | undefined;
      let bestOverlap = least;
      for (const object of free) {
        const found = overlapOf(detection, object);
        if (found < bestOverlap) continue;
        bestOverlap = found;
        best = object;
      }
      if (best !== undefined) free.delete(best);
      else if (crowdPlaces.some((crowd) => overlapOf(detection, crowd) >= least)) return [];
      return [{ score, hit: best !== undefined }];
    });
}
