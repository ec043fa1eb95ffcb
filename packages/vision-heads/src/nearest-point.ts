interface Point {
  readonly row: number;
  readonly column: number;
}

/** Finds the nearest of some points: from the row outward, for as long as rows alone are nearer than the best so far. */
export class NearestPoint {
  /** Places in the list of points, by row. */
  readonly #places: Int32Array;
  readonly #rows: Float64Array;
  readonly #columns: Float64Array;

  /** @param points at least one. */
  constructor(points: readonly Point[]) {
    const sorted = [...points.keys()].sort((a, b) => points[a].row - points[b].row);
    this.#places = Int32Array.from(sorted);
    this.#rows = Float64Array.from(sorted, (place) => points[place].row);
    this.#columns = Float64Array.from(sorted, (place) => points[place].column);
  }

  /** The place of the nearest point in the list. */
  to(row: number, column: number): number {
    const rows = this.#rows;
    const columns = this.#columns;
    let below = this.#firstFrom(row);
    let above = below - 1;
    let best = -1;
    let least = Number.POSITIVE_INFINITY;
    for (;;) {
      const down = below < rows.length ? (rows[below] - row) ** 2 : Number.POSITIVE_INFINITY;
      const up = above >= 0 ? (rows[above] - row) ** 2 : Number.POSITIVE_INFINITY;
      if (Math.min(down, up) >= least) return this.#places[best];
      const next = down <= up ? below++ : above--;
      const distance = Math.min(down, up) + (columns[next] - column) ** 2;
      if (distance >= least) continue;
      best = next;
      least = distance;
    }
  }

  /** How many rows are above this one. */
  #firstFrom(row: number): number {
    let [low, high] = [0, this.#rows.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#rows[middle] < row) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
