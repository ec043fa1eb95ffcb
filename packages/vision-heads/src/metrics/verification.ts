/** How alike the examples of one pair are, and whether they show the same. */
export interface Pair {
  /** Higher is more alike. */
  readonly similarity: number;
  readonly same: boolean;
}

/** A point of the receiver operating characteristic: what accepting pairs from this similarity on would mean. */
export interface OperatingPoint {
  /** Pairs at least this similar are accepted; infinite where none is. */
  readonly threshold: number;
  /** The share of pairs of different things that are accepted (FAR). */
  readonly falseAccepts: number;
  /** The share of pairs of the same thing that are accepted (TAR). */
  readonly trueAccepts: number;
}

/**
 * The receiver operating characteristic of pairs: one point a similarity that occurs, from accepting none to accepting
 * all. The reference is scikit-learn's `roc_curve`.
 *
 * @throws RangeError when there is no pair of the same, or none of different things.
 */
export function operatingPoints(pairs: readonly Pair[]): readonly OperatingPoint[] {
  const same = pairs.filter((pair) => pair.same).length;
  const different = pairs.length - same;
  if (same === 0 || different === 0) {
    throw new RangeError(
      `Verification needs pairs of the same and of different things; found ${same} and ${different}.`,
    );
  }
  const points: OperatingPoint[] = [{ threshold: Number.POSITIVE_INFINITY, falseAccepts: 0, trueAccepts: 0 }];
  let accepted = 0;
  let right = 0;
  const sorted = pairs.toSorted((a, b) => b.similarity - a.similarity);
  for (const [index, pair] of sorted.entries()) {
    accepted++;
    if (pair.same) right++;
    if (sorted[index + 1]?.similarity === pair.similarity) continue;
    points.push({
      threshold: pair.similarity,
      falseAccepts: (accepted - right) / different,
      trueAccepts: right / same,
    });
  }
  return points;
}

/**
 * TAR@FAR: the largest share of pairs of the same thing that is accepted at a threshold that accepts at most this share
 * of pairs of different things.
 *
 * @param falseAccepts the false accept rate, from 0 to 1.
 * @throws RangeError when there is no pair of the same, or none of different things, or the rate is not from 0 to 1.
 */
export function trueAcceptRate(pairs: readonly Pair[], falseAccepts: number): number {
  return trueAcceptsAt(operatingPoints(pairs), falseAccepts);
}

/** `trueAcceptRate` of pairs whose characteristic is known. */
export function trueAcceptsAt(points: readonly OperatingPoint[], falseAccepts: number): number {
  return lastWithin(points, falseAccepts).trueAccepts;
}

/** The lowest threshold with at most this share of false accepts. Both shares rise from each point to the next. */
function lastWithin(points: readonly OperatingPoint[], falseAccepts: number): OperatingPoint {
  if (!(falseAccepts >= 0 && falseAccepts <= 1)) {
    throw new RangeError(`The false accept rate is ${falseAccepts}; it is a share of pairs, from 0 to 1.`);
  }
  return points.findLast((point) => point.falseAccepts <= falseAccepts)!;
}

/**
 * The equal error rate: where the share of different pairs that are accepted is the share of same pairs that are not,
 * on the characteristic with straight lines between its points. From 0 (perfect) to 1; 0.5 is chance.
 *
 * @throws RangeError when there is no pair of the same, or none of different things.
 */
export function equalErrorRate(pairs: readonly Pair[]): number {
  return equalErrors(operatingPoints(pairs));
}

/** `equalErrorRate` of pairs whose characteristic is known. */
export function equalErrors(points: readonly OperatingPoint[]): number {
  const after = points.findIndex((point) => balance(point) >= 0);
  const [left, right] = [points[after - 1], points[after]];
  const part = -balance(left) / (balance(right) - balance(left));
  return left.falseAccepts + part * (right.falseAccepts - left.falseAccepts);
}

/** What is accepted wrongly minus what is refused wrongly: it rises from −1 to 1. */
function balance({ falseAccepts, trueAccepts }: OperatingPoint): number {
  return falseAccepts - (1 - trueAccepts);
}

/**
 * The similarity from which on two faces are taken for one person's, chosen on pairs that are not those it is used on:
 * the lowest threshold with at most this share of false accepts; or, unless a share is given, the one where the two
 * kinds of error are nearest to equal.
 *
 * @throws RangeError when there is no pair of the same, or none of different things, or the share is not from 0 to 1.
 */
export function verificationThreshold(pairs: readonly Pair[], falseAccepts?: number): number {
  const points = operatingPoints(pairs);
  if (falseAccepts !== undefined) return lastWithin(points, falseAccepts).threshold;
  const difference = (point: OperatingPoint) => Math.abs(balance(point));
  return points.reduce((best, point) => (difference(point) < difference(best) ? point : best)).threshold;
}
