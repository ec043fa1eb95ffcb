/** How many points a curve has at most. */
const MOST = 400;

export type Point = readonly [step: number, value: number];

/**
 * A curve of a training of any length in bounded memory: when it is full, neighbours become one, and from then on each
 * point is the mean of twice as many steps.
 */
export class Series {
  #points: Point[] = [];
  #width = 1;
  #pending: Point[] = [];

  add(step: number, value: number): void {
    this.#pending.push([step, value]);
    if (this.#pending.length < this.#width) return;
    this.#points.push(meanOf(this.#pending));
    this.#pending = [];
    if (this.#points.length < MOST) return;
    this.#points = Array.from({ length: MOST / 2 }, (_, pair) =>
      meanOf(this.#points.slice(2 * pair, 2 * pair + 2)),
    );
    this.#width *= 2;
  }

  /** In order of the steps; the last one may stand for fewer steps than the others. */
  toJSON(): readonly Point[] {
    return this.#pending.length > 0 ? [...this.#points, meanOf(this.#pending)] : this.#points;
  }
}

function meanOf(points: readonly Point[]): Point {
  const sum = (axis: 0 | 1) => points.reduce((total, point) => total + point[axis], 0);
  return [sum(0) / points.length, sum(1) / points.length];
}
