/** A function of many variables at one place: its value, and its derivatives. */
export interface Value {
  readonly value: number;
  readonly gradient: Float64Array;
}

/** How many of the last steps the curvature is told from. */
const MEMORY = 10;
/** How much of the decrease that the slope promises a step has to bring. */
const SUFFICIENT = 1e-4;
const MOST_STEPS = 1000;

/**
 * The place where a smooth convex function is least, by L-BFGS from zero, until no derivative is larger than `tolerance`
 * or no step leads down any more.
 *
 * J. Nocedal, "Updating Quasi-Newton Matrices with Limited Storage", Mathematics of Computation 1980.
 */
export function minimize(
  valueAt: (place: Float64Array) => Value,
  length: number,
  tolerance: number,
): Float64Array {
  let place: Float64Array = new Float64Array(length);
  let here = valueAt(place);
  const pairs: Pair[] = [];
  for (let step = 0; step < MOST_STEPS; step++) {
    if (here.gradient.every((slope) => Math.abs(slope) <= tolerance)) break;
    const direction = downhill(here.gradient, pairs);
    const slope = dot(direction, here.gradient);
    let rate = step === 0 ? 1 / Math.sqrt(dot(direction, direction)) : 1;
    let next = along(place, direction, rate);
    let there = valueAt(next);
    while (there.value > here.value + SUFFICIENT * rate * slope && rate > Number.EPSILON) {
      rate /= 2;
      next = along(place, direction, rate);
      there = valueAt(next);
    }
    if (!(there.value < here.value)) break;
    const moved = along(next, place, -1);
    const bent = along(there.gradient, here.gradient, -1);
    const curvature = dot(moved, bent);
    if (curvature > 0) pairs.push({ moved, bent, curvature });
    if (pairs.length > MEMORY) pairs.shift();
    place = next;
    here = there;
  }
  return place;
}

/** A step that was taken, and how the gradient changed over it. */
interface Pair {
  readonly moved: Float64Array;
  readonly bent: Float64Array;
  /** Their inner product. */
  readonly curvature: number;
}

/** Newton's direction, with the inverse second derivatives that the pairs tell of: the two loops of the paper. */
function downhill(gradient: Float64Array, pairs: readonly Pair[]): Float64Array {
  const direction = gradient.map((slope) => -slope);
  const shares = pairs.toReversed().map(({ moved, bent, curvature }) => {
    const share = dot(moved, direction) / curvature;
    add(direction, bent, -share);
    return share;
  });
  const last = pairs.at(-1);
  if (last !== undefined) {
    const scale = last.curvature / dot(last.bent, last.bent);
    for (let index = 0; index < direction.length; index++) direction[index] *= scale;
  }
  for (const [index, { moved, bent, curvature }] of pairs.entries()) {
    add(direction, moved, shares[pairs.length - 1 - index] - dot(bent, direction) / curvature);
  }
  return direction;
}

function along(place: Float64Array, direction: Float64Array, rate: number): Float64Array {
  const moved = place.slice();
  add(moved, direction, rate);
  return moved;
}

function add(sum: Float64Array, summand: Float64Array, factor: number): void {
  for (let index = 0; index < sum.length; index++) sum[index] += factor * summand[index];
}

function dot(one: Float64Array, other: Float64Array): number {
  let sum = 0;
  for (let index = 0; index < one.length; index++) sum += one[index] * other[index];
  return sum;
}
