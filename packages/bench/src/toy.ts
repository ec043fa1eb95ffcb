import {
  type Aggregator,
  aggregate,
  DegenerateError,
  type TaskState,
  type Weighting,
} from '@espalier/losses';

/**
 * The toy problem of the CAGrad, Nash-MTL and FAMO papers: two losses of two parameters. In the lower half the losses
 * are quadratic and their Pareto set is the nearly straight line from (-7, -8.4) to (7, -8.4); the upper half is a rugged plateau whose
 * valleys trap methods that follow one of the losses. As in Nash-MTL the first loss is 10 times smaller.
 */
export const starts = [
  [-8.5, 7.5],
  [0, 0],
  [9, 9],
  [-7.5, -0.5],
  [9, -1],
] as const;

export type Point = readonly [number, number];

const scale = [0.1, 1] as const;
const floor = 5e-6;

/** The two losses and their gradients. */
export function toy([x, y]: Point): { losses: Point; jacobian: readonly [Point, Point] } {
  const upper = Math.max(Math.tanh(0.5 * y), 0);
  const lower = Math.max(Math.tanh(-0.5 * y), 0);
  const upperSlope = y >= 0 ? 0.5 * (1 - upper * upper) : 0;
  const lowerSlope = y <= 0 ? -0.5 * (1 - lower * lower) : 0;
  const parts = [0, 1].map((i) => {
    const valley = 0.5 * (-x + (i === 0 ? -7 : 3)) + Math.tanh(y) + (i === 0 ? 0 : 2);
    const depth = Math.max(Math.abs(valley), floor);
    const f = Math.log(depth) + 6;
    const slope = Math.abs(valley) > floor ? 1 / valley : 0;
    const centre = i === 0 ? 7 : -7;
    const g = ((x - centre) ** 2 + 0.1 * (y + 8) ** 2) / 10 - 20;
    return {
      loss: scale[i]! * (upper * f + lower * g),
      gradient: [
        scale[i]! * (upper * -0.5 * slope + lower * 0.2 * (x - centre)),
        scale[i]! *
          (upper * slope * (1 - Math.tanh(y) ** 2) +
            upperSlope * f +
            lower * 0.02 * (y + 8) +
            lowerSlope * g),
      ] as const,
    };
  });
  return {
    losses: [parts[0]!.loss, parts[1]!.loss],
    jacobian: [parts[0]!.gradient, parts[1]!.gradient],
  };
}

/** On the Pareto set, up to what Adam still swings. */
export function isPareto([x, y]: Point): boolean {
  return Math.abs(x) < 7.1 && Math.abs(y + 8.39) < 0.1;
}

const lr = 5e-3;

/** Adam on the direction; stops where the method says that it has arrived. Returns the points on the way. */
function descend(start: Point, steps: number, direction: (point: Point, step: number) => ArrayLike<number>) {
  const path: Point[] = [start];
  const m = [0, 0];
  const v = [0, 0];
  for (let step = 1; step <= steps; step++) {
    const point = path.at(-1)!;
    let d: ArrayLike<number>;
    try {
      d = direction(point, step);
    } catch (error) {
      if (error instanceof DegenerateError) break;
      throw error;
    }
    const next = [0, 1].map((i) => {
      m[i] = 0.9 * m[i]! + 0.1 * d[i]!;
      v[i] = 0.999 * v[i]! + 0.001 * d[i]! ** 2;
      const mean = m[i]! / (1 - 0.9 ** step);
      return point[i]! - (lr * mean) / (Math.sqrt(v[i]! / (1 - 0.999 ** step)) + 1e-8);
    });
    path.push([next[0]!, next[1]!]);
  }
  return path;
}

export function followAggregator(
  method: Aggregator,
  start: Point,
  steps: number,
  random: () => number,
): Point[] {
  let state: TaskState = method.init(2);
  return descend(start, steps, (point) => {
    const { losses, jacobian } = toy(point);
    // Methods on logarithms want positive losses: -21 and -2.1 are below all.
    const context = { random, losses: [losses[0] + 2.1, losses[1] + 21] };
    const step = aggregate(method, state, jacobian, context);
    state = step.state;
    return step.direction;
  });
}

/** @param shift what is added to the losses, which changes no gradient: some weightings want positive ones. */
export function followWeighting(
  method: Weighting,
  start: Point,
  steps: number,
  random: () => number,
  shift: Point = [0, 0],
): Point[] {
  let state: TaskState = method.init(2);
  let pending = false;
  return descend(start, steps, (point, step) => {
    const { losses: unshifted, jacobian } = toy(point);
    const losses = unshifted.map((loss, task) => loss + shift[task]!);
    if (pending && method.afterUpdate) state = method.afterUpdate(state, losses);
    const gramian = jacobian.map((a) => jacobian.map((b) => a[0] * b[0] + a[1] * b[1]));
    const kpis = losses.map((loss) => Math.exp(-Math.abs(loss)));
    const result = method.step(state, losses, { random, step, epoch: Math.ceil(step / 100), gramian, kpis });
    state = result.state;
    pending = true;
    return [0, 1].map((c) => result.weights[0]! * jacobian[0][c]! + result.weights[1]! * jacobian[1][c]!);
  });
}
