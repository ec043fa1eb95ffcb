/** Pictures on the heap, channels last. */
export interface Pictures {
  readonly start: number;
  readonly height: number;
  readonly width: number;
  readonly channels: number;
}

/** A grid to lay them on. Distances are in elements of the heap. */
export interface Grid {
  readonly start: number;
  /** How many rows a picture takes up, and how many cells a row. */
  readonly rows: number;
  readonly columns: number;
  /** From one cell to the next, and from one channel to the next. */
  readonly cell: number;
  readonly channel: number;
}

/** Cell `c` holds position `(c + shift) * stride + phase`; there are no more than `limit` cells. */
export interface Axis {
  readonly phase: number;
  readonly stride: number;
  readonly shift: number;
  readonly limit: number;
}

/** Which of the pictures, and which of their pixels. */
export interface Selection {
  readonly first: number;
  readonly count: number;
  readonly down: Axis;
  readonly across: Axis;
}

/** Copies pixels onto a grid. Cells that no pixel belongs to are left as they are. */
export function layPictures(
  values: Float32Array,
  pictures: Pictures,
  grid: Grid,
  { first, count, down, across }: Selection,
): void {
  const { height, width, channels } = pictures;
  const rows = cells(down, height);
  const columns = cells(across, width);
  const step = across.stride * channels;
  for (let picture = 0; picture < count; picture++) {
    for (let row = rows.begin; row < rows.end; row++) {
      const inputRow = (first + picture) * height + (row + down.shift) * down.stride + down.phase;
      const inputColumn = (columns.begin + across.shift) * across.stride + across.phase;
      const source = pictures.start + (inputRow * width + inputColumn) * channels;
      const target = grid.start + ((picture * grid.rows + row) * grid.columns + columns.begin) * grid.cell;
      const length = columns.end - columns.begin;
      if (grid.channel === 1) layAlong(values, source, target, length, channels, step, grid.cell);
      else layTransposed(values, source, target, length, channels, step, grid);
    }
  }
}

function cells({ phase, stride, shift, limit }: Axis, positions: number): { begin: number; end: number } {
  return {
    begin: Math.max(0, -shift),
    end: Math.min(limit, Math.ceil((positions - phase) / stride) - shift),
  };
}

/** A row of pixels, the channels of each together. */
function layAlong(
  values: Float32Array,
  source: number,
  target: number,
  length: number,
  channels: number,
  step: number,
  cell: number,
): void {
  if (step === channels && cell === channels) {
    if (length > 0) values.copyWithin(target, source, source + length * channels);
    return;
  }
  for (let index = 0; index < length; index++, source += step, target += cell) {
    for (let channel = 0; channel < channels; channel++) values[target + channel] = values[source + channel]!;
  }
}

/** A row of pixels, each channel by itself. */
function layTransposed(
  values: Float32Array,
  source: number,
  target: number,
  length: number,
  channels: number,
  step: number,
  grid: Grid,
): void {
  for (let channel = 0; channel < channels; channel++) {
    let to = target + channel * grid.channel;
    let from = source + channel;
    for (let index = 0; index < length; index++, from += step, to += grid.cell) values[to] = values[from]!;
  }
}
