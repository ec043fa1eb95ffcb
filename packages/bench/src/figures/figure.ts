/** A figure of the documentation: cells that are measured one by one, and a drawing of what was found. */
export interface Figure<Cell = unknown, Row = unknown> {
  readonly name: string;
  /** Settings, as plain data. The first one is measured again whenever the tests run. */
  readonly cells: readonly Cell[];
  /** The same for the same cell on every machine, up to rounding; plain data that survives JSON. */
  measure(cell: Cell): Promise<Row>;
  /** An SVG. The same for the same rows. */
  draw(rows: readonly Row[]): string;
}

/** Every combination of a value of each list, the last one running fastest. */
export function combinations<T extends Record<string, unknown>>(
  lists: {
    readonly [K in keyof T]: readonly T[K][];
  },
): readonly T[] {
  return Object.entries(lists).reduce<readonly T[]>(
    (cells, [name, values]) =>
      cells.flatMap((cell) => (values as unknown[]).map((value) => ({ ...cell, [name]: value }))),
    [{} as T],
  );
}
