import type { AnnotatedPicture, ObjectBox, Picture, Point, Rectangle } from '../pictures/picture.js';

/** A box is kept when at least this part of it is still to be seen. */
const LEAST_VISIBLE = 0.3;
/** What is beyond the picture. */
const BEYOND = 0.5;

/**
 * What is to be seen through a window, in the size of the picture or another: the window may be larger than the picture
 * and reach over its edges, where it shows grey and background. Boxes are cut off at the window's edges; one of which
 * less than 30 % is left is dropped, and so is a landmark outside.
 *
 * @param mirrored whether left and right are changed.
 */
export function throughWindow(
  example: AnnotatedPicture,
  window: Rectangle,
  mirrored = false,
  size: Pick<Picture, 'width' | 'height'> = example.picture,
): AnnotatedPicture {
  const { picture, boxes, landmarks, mask } = example;
  const columns = sources(size.width, picture.width, window.x, window.width, mirrored);
  const rows = sources(size.height, picture.height, window.y, window.height, false);
  return {
    ...example,
    picture: resample(picture, rows, columns),
    ...(boxes && { boxes: boxes.flatMap((box) => seenBox(box, window, mirrored)) }),
    ...(landmarks && { landmarks: landmarks.map((point) => seenPoint(point, window, mirrored)) }),
    ...(mask && { mask: resampleMask(mask, picture, rows, columns) }),
  };
}

/** Where the middles of the new pixels are, in old pixels. */
function sources(count: number, old: number, start: number, length: number, mirrored: boolean): Float64Array {
  return Float64Array.from({ length: count }, (_, index) => {
    const place = (index + 0.5) / count;
    return (start + (mirrored ? 1 - place : place) * length) * old - 0.5;
  });
}

/** Bilinear interpolation, with the outermost pixels going on to the edge. */
function resample(
  { width, height, channels, pixels }: Picture,
  rows: Float64Array,
  columns: Float64Array,
): Picture {
  const values = new Float32Array(rows.length * columns.length * channels);
  for (const [row, y] of rows.entries()) {
    if (y < -0.5 || y >= height - 0.5) {
      values.fill(BEYOND, row * columns.length * channels, (row + 1) * columns.length * channels);
      continue;
    }
    const top = Math.max(Math.floor(y), 0);
    const bottom = Math.min(Math.floor(y) + 1, height - 1);
    const down = y - Math.floor(y);
    for (let column = 0; column < columns.length; column++) {
      const x = columns[column];
      const to = (row * columns.length + column) * channels;
      if (x < -0.5 || x >= width - 0.5) {
        values.fill(BEYOND, to, to + channels);
        continue;
      }
      const floor = Math.floor(x);
      const left = Math.max(floor, 0) * channels;
      const right = Math.min(floor + 1, width - 1) * channels;
      const across = x - floor;
      const upper = top * width * channels;
      const lower = bottom * width * channels;
      for (let channel = 0; channel < channels; channel++) {
        const above =
          pixels[upper + left + channel] * (1 - across) + pixels[upper + right + channel] * across;
        const below =
          pixels[lower + left + channel] * (1 - across) + pixels[lower + right + channel] * across;
        values[to + channel] = above * (1 - down) + below * down;
      }
    }
  }
  return { width: columns.length, height: rows.length, channels, pixels: values };
}

/** The nearest pixel's number. */
function resampleMask(
  mask: Int32Array,
  { width, height }: Picture,
  rows: Float64Array,
  columns: Float64Array,
) {
  const values = new Int32Array(rows.length * columns.length);
  for (const [row, y] of rows.entries()) {
    const from = Math.round(y);
    if (from < 0 || from >= height) continue;
    for (const [column, x] of columns.entries()) {
      const place = Math.round(x);
      if (place >= 0 && place < width) values[row * columns.length + column] = mask[from * width + place];
    }
  }
  return values;
}

function seenBox(box: ObjectBox, window: Rectangle, mirrored: boolean): ObjectBox[] {
  const left = (box.x - window.x) / window.width;
  const right = (box.x + box.width - window.x) / window.width;
  const [from, to] = mirrored ? [1 - right, 1 - left] : [left, right];
  const [x, end] = [Math.max(from, 0), Math.min(to, 1)];
  const top = (box.y - window.y) / window.height;
  const bottom = (box.y + box.height - window.y) / window.height;
  const [y, low] = [Math.max(top, 0), Math.min(bottom, 1)];
  if (end <= x || low <= y) return [];
  const visible = ((end - x) * (low - y)) / ((to - from) * (bottom - top));
  return visible < LEAST_VISIBLE ? [] : [{ ...box, x, y, width: end - x, height: low - y }];
}

function seenPoint(point: Point | undefined, window: Rectangle, mirrored: boolean): Point | undefined {
  if (point === undefined) return undefined;
  const across = (point.x - window.x) / window.width;
  const x = mirrored ? 1 - across : across;
  const y = (point.y - window.y) / window.height;
  return x >= 0 && x <= 1 && y >= 0 && y <= 1 ? { x, y } : undefined;
}
