import type { Segment, SegmentMap } from './label-map.js';
import { logit } from './logit.js';
import { NearestPoint } from './nearest-point.js';

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
/** Offsets are learned in units of this many pixels, so that they are about as large as the other outputs. */
export const OFFSET_UNIT = 10;

interface FoundObject extends Segment {
  readonly score: number;
}

/**
 * Groups pixels to objects: those of a connected region go to the centre of this region that is nearest to where they
 * say that theirs is. A region without a centre is one object.
 *
 * Plain code on raw outputs: on every engine that is as fast as the fastest of them.
 *
 * @param outputs for every pixel, in row-major order, the scores of background and classes, the logit of the heat of
 * being a centre, and the centre's offset down and right, in `OFFSET_UNIT` pixels.
 */
export function groupPixels(
  outputs: Float32Array,
  { width, height, classes }: PixelOutputs,
): SegmentMap<FoundObject> {
  const depth = classes + 4;
  const heat = new Float32Array(width * height);
  const foreground = new Uint8Array(width * height);
  for (let pixel = 0; pixel < foreground.length; pixel++) {
    const place = pixel * depth;
    heat[pixel] = outputs[place + classes + 1];
    foreground[pixel] = Number(isForeground(outputs, place, classes));
  }
  const objects: number[][] = [];
  for (const region of connectedRegions(foreground, width)) {
    const centres = region.filter((pixel) => isCentre(pixel, heat, width));
    if (centres.length < 2) {
      objects.push(region);
      continue;
    }
    const own = centres.map((): number[] => []);
    const nearest = new NearestPoint(
      centres.map((centre) => ({ row: Math.floor(centre / width), column: centre % width })),
    );
    for (const pixel of region) {
      const offsets = pixel * depth + classes + 2;
      const row = Math.floor(pixel / width) + OFFSET_UNIT * outputs[offsets];
      const column = (pixel % width) + OFFSET_UNIT * outputs[offsets + 1];
      own[nearest.to(row, column)].push(pixel);
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

/** Whether the classes together are more probable than the background. */
function isForeground(outputs: Float32Array, place: number, classes: number): boolean {
  const background = outputs[place];
  let odds = 0;
  for (let index = 1; index <= classes; index++) {
    if (outputs[place + index] > background) return true;
    odds += Math.exp(outputs[place + index] - background);
  }
  return odds > 1;
}

/** Softmax of the background (0) or a class, of the scores from a place on. */
function probability(outputs: Float32Array, place: number, classes: number, index: number): number {
  let sum = 0;
  const own = outputs[place + index];
  for (let other = 0; other <= classes; other++) sum += Math.exp(outputs[place + other] - own);
  return 1 / sum;
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

const LEAST_LOGIT = logit(LEAST_HEAT);

function isCentre(pixel: number, heat: Float32Array, width: number): boolean {
  const own = heat[pixel];
  if (own < LEAST_LOGIT) return false;
  const height = heat.length / width;
  const [row, column] = [Math.floor(pixel / width), pixel % width];
  for (let y = Math.max(row - PEAK_RADIUS, 0); y <= Math.min(row + PEAK_RADIUS, height - 1); y++) {
    for (let x = Math.max(column - PEAK_RADIUS, 0); x <= Math.min(column + PEAK_RADIUS, width - 1); x++) {
      const other = y * width + x;
      // Of equals the first is the centre.
      if (heat[other] > own || (heat[other] === own && other < pixel)) return false;
    }
  }
  return true;
}

/** The class that the pixels agree on, and the mean of its probability times the largest heat. */
function describe(
  pixels: readonly number[],
  outputs: Float32Array,
  heat: Float32Array,
  classes: number,
): FoundObject {
  const sums = new Float64Array(classes);
  let largest = Number.NEGATIVE_INFINITY;
  for (const pixel of pixels) {
    const place = pixel * (classes + 4);
    for (let index = 0; index < classes; index++)
      sums[index] += probability(outputs, place, classes, index + 1);
    largest = Math.max(largest, heat[pixel]);
  }
  const sum = Math.max(...sums);
  return { class: sums.indexOf(sum), score: sum / pixels.length / (1 + Math.exp(-largest)) };
}
