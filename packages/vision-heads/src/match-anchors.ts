import { type Box, intersectionOverUnion } from './box.js';

/** Of an anchor that shows nothing, and of one that takes no part in training. */
export const BACKGROUND = -1;
const IGNORED = -2;

/** From this overlap on an anchor shows an object; below the other one, nothing. */
const SHOWS = 0.5;
const SHOWS_NOTHING = 0.4;
/** Overlaps that differ by no more than rounding are equal: anchors that mirror each other learn alike. */
const EQUAL = 1 - 1e-9;

/**
 * What every anchor learns: the place in `boxes` of the one that it overlaps most, if by an intersection over union of
 * at least 0.5; `BACKGROUND` below 0.4, and `IGNORED` between them. Every box's best anchors learn too, however little
 * they overlap it: otherwise no anchor would learn an object that none resembles.
 *
 * T.-Y. Lin et al., "Focal Loss for Dense Object Detection", ICCV 2017, section 4 ("Anchors"); the best anchors are as
 * in the authors' code and in torchvision (`Matcher` with `allow_low_quality_matches`).
 */
export function matchAnchors(anchors: readonly Box[], boxes: readonly Box[]): Int32Array {
  const overlaps = anchors.map((anchor) => boxes.map((box) => intersectionOverUnion(anchor, box)));
  const bestOfBox = boxes.map((_, box) => overlaps.reduce((best, own) => Math.max(best, own[box]), 0));
  return Int32Array.from(overlaps, (own) => {
    const overlap = Math.max(0, ...own);
    const isBest = own.some((value, box) => value > 0 && value >= EQUAL * bestOfBox[box]);
    if (overlap >= SHOWS || isBest) return own.indexOf(overlap);
    return overlap < SHOWS_NOTHING ? BACKGROUND : IGNORED;
  });
}
