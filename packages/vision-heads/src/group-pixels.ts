import type { Segment, SegmentMap } from './label-map.js';

/** What a picture's output says: size, and how many classes of objects there are besides the background. */
export interface PixelOutputs {
  readonly width: number;
  readonly height: number;
  readonly classes: number;
}

/** A pixel is a centre if no other within this distance, in rows and columns, is more of one. */
const PEAK_RADIUS = 3;
/** The least heat of a centre. */
const LEAST_HEAT = 0.3;
/** Objects of fewer pixels are specks. */
const LEAST_AREA = 8;

interface FoundObject extends Segment {
  readonly score: number;
}

/**
 * Groups pixels to objects: those of a connected region go to the centre of this region that is nearest to where they
 * say that theirs is. A region without a centre is one object.
 *
 * @param outputs for every pixel, in row-major order, the probabilities of background and classes, the heat of
 * being a centre, and the centre's offset down and right, in pixels.
 */
export function groupPixels(
  outputs: Float32Array,
  { width, height, classes }: PixelOutputs,
): SegmentMap<FoundObject> {
  const depth = classes + 4;
  const foreground = Uint8Array.from({ length: width * height }, (_, pixel) =>
    Number(outputs[pixel * depth] < 0.5),
  );
  const heat = (pixel: number) => outputs[pixel * depth + classes + 1];
  const objects: number[][] = [];
  for (const region of connectedRegions(foreground, width)) {
    const centres = region.filter((pixel) => isCentre(pixel, heat, foreground, width));
    if (centres.length < 2) {
      objects.push(region);
      continue;
    }
    const own = centres.map((): number[] => []);
    const rows = Float64Array.from(centres, (centre) => Math.floor(centre / width));
    const columns = Float64Array.from(centres, (centre) => centre % width);
    for (const pixel of region) {
      const row = Math.floor(pixel / width) + outputs[pixel * depth + classes + 2];
      const column = (pixel % width) + outputs[pixel * depth + classes + 3];
      own[nearest(rows, columns, row, column)].push(pixel);
    }
    objects.push(...own);
  }

  const values = new Int32Array(width * height);
  const segments: FoundObject[] = [];
  for (const pixels of objects) {
    if (pixels.length < LEAST_AREA) continue;
    segments.push(describe(pixels, outputs, heat, classes));
    for (const pixel of pixels) values[pixel] = segments.length;
  }
  return { width, height, values, segments };
}

/** The pixels of every region of foreground whose pixels share edges. */
function connectedRegions(foreground: Uint8Array, width: number): number[][] {
  const seen = new Uint8Array(foreground.length);
  const regions: number[][] = [];
  for (let start = 0; start < foreground.length; start++) {
    if (foreground[start] === 0 || seen[start] === 1) continue;
    seen[start] = 1;
    const region = [start];
    for (let index = 0; index < region.length; index++) {
      const pixel = region[index];
      const column = pixel % width;
      if (column > 0) visit(pixel - 1, region);
      if (column < width - 1) visit(pixel + 1, region);
      if (pixel >= width) visit(pixel - width, region);
      if (pixel + width < foreground.length) visit(pixel + width, region);
    }
    regions.push(region);
  }
  return regions;

  function visit(pixel: number, region: number[]): void {
    if (foreground[pixel] === 0 || seen[pixel] === 1) return;
    seen[pixel] = 1;
    region.push(pixel);
  }
}

function isCentre(
  pixel: number,
  heat: (pixel: number) => number,
  foreground: Uint8Array,
  width: number,
): boolean {
  const own = heat(pixel);
  if (own < LEAST_HEAT) return false;
  const height = foreground.length / width;
  const [row, column] = [Math.floor(pixel / width), pixel % width];
  for (let y = Math.max(row - PEAK_RADIUS, 0); y <= Math.min(row + PEAK_RADIUS, height - 1); y++) {
    for (let x = Math.max(column - PEAK_RADIUS, 0); x <= Math.min(column + PEAK_RADIUS, width - 1); x++) {
      const other = y * width + x;
      // Of equals the first is the centre.
      if (heat(other) > own || (heat(other) === own && other < pixel)) return false;
    }
  }
  return true;
}

/** Which of the centres is nearest to a row and a column. */
function nearest(rows: Float64Array, columns: Float64Array, row: number, column: number): number {
  let best = 0;
  let least = Number.POSITIVE_INFINITY;
  for (let index = 0; index < rows.length; index++) {
    const distance = (rows[index] - row) ** 2 + (columns[index] - column) ** 2;
    if (distance >= least) continue;
    best = index;
    least = distance;
  }
  return best;
}

/** The class that the pixels agree on, and the mean of its probability times the largest heat. */
function describe(
  pixels: readonly number[],
  outputs: Float32Array,
  heat: (pixel: number) => number,
  classes: number,
): FoundObject {
  const sums = new Float64Array(classes);
  let largest = 0;
  for (const pixel of pixels) {
    for (let index = 0; index < classes; index++) sums[index] += outputs[pixel * (classes + 4) + 1 + index];
    largest = Math.max(largest, heat(pixel));
  }
  const sum = Math.max(...sums);
  return { class: sums.indexOf(sum), score: (sum / pixels.length) * largest };
}
