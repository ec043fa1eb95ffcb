import type { Metric } from '@espalier/core';
import { type DetectedBox, type LabelledBox, nonMaximumSuppression } from './box.js';
import { logit } from './logit.js';
import { averagePrecision } from './metrics/average-precision.js';

/** Boxes that a detection head gives score more. */
const LEAST_SCORE = 0.05;
/** The same before the sigmoid. */
export const LEAST_LOGIT = logit(LEAST_SCORE);
/**
 * Of so many of a picture's surest boxes the best are chosen: T.-Y. Lin et al., "Focal Loss for Dense Object Detection",
 * ICCV 2017, section 4.1.
 */
export const CANDIDATES = 1000;
/** Boxes of one class that overlap more than this are one object. */
const SUPPRESSION = 0.5;

/** A box that may be an object, or another box of one. */
export type CandidateBox = LabelledBox & { readonly score: number };

/** The objects of one picture, each once, the surest first. */
export function detectedBoxes<Class extends string>(
  candidates: readonly CandidateBox[],
  classes: readonly Class[],
): DetectedBox<Class>[] {
  return nonMaximumSuppression(candidates, SUPPRESSION).map((box) => ({ ...box, label: classes[box.class] }));
}

/** What boxes are judged by: AP50 first, then mAP@[.50:.95]. */
export const boxMetrics: readonly [
  Metric<readonly LabelledBox[], readonly DetectedBox[]>,
  Metric<readonly LabelledBox[], readonly DetectedBox[]>,
] = [averagePrecision(0.5), averagePrecision()];
