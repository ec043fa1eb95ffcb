/** A figure of the documentation: cells that are measured one by one, and a drawing of what was found. */
export interface Figure<Cell = unknown, Row = unknown> {
  readonly name: string;
  /** Settings, as plain data. The first one is measured again whenever the tests run. */
  readonly cells: readonly Cell[];
  /** The same for the same cell on every machine, up to rounding; plain data that survives JSON. */
  measure(cell: Cell): Promise<Row>;
  /** An SVG. The same for the same rows. */
  draw(rows: readonly Row[]): string;
  /** Tables of a page of docs, each between `<!-- table: its name -->` and `<!-- table ends -->`. */
  readonly tables?: {
    readonly page: string;
    /** By their names, in Markdown. */
    markdown(): Readonly<Record<string, string>>;
  };
}

/** A page with its tables as they are now. */
export function withTables(page: string, tables: Readonly<Record<string, string>>): string {
  return Object.entries(tables).reduce((text, [name, table]) => {
    const [begin, end] = [`<!-- table: ${name} -->`, '<!-- table ends -->'];
    const [before, after] = text.split(`${begin}\n`);
    const place = after?.indexOf(end) ?? -1;
    if (place < 0) throw new Error(`The page has no place for the table ${name}: ${begin} ... ${end}`);
    return `${before}${begin}\n\n${table}\n\n${after!.slice(place)}`;
  }, page);
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
