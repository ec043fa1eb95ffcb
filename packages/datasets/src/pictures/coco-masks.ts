import { DatasetError } from '../errors.js';

/** What is wrong with an annotation: the same words for the same fault, and what was found. */
export class CocoFault extends DatasetError {
  constructor(
    readonly fault: string,
    readonly detail = '',
  ) {
    super(detail === '' ? fault : `${fault}: ${detail}`);
  }
}

/** A mask in run-length encoding: pixels go down the columns, runs are outside and inside by turns. */
export interface RunLengths {
  /** Height and width. */
  readonly size: readonly [height: number, width: number];
  /** The lengths of the runs, or their compressed form. */
  readonly counts: readonly number[] | string;
}

/** Polygons, each a list x1, y1, x2, y2, … in pixels. */
export type Polygons = readonly (readonly number[])[];

interface Size {
  readonly width: number;
  readonly height: number;
}

/**
 * A mask, in row-major order, 1 inside. The reference is `pycocotools.mask`, whose polygons cover the same pixels.
 *
 * @throws CocoFault when the segmentation is not one of a picture of this size.
 */
export function cocoMask(segmentation: RunLengths | Polygons, { width, height }: Size): Uint8Array {
  if ('counts' in segmentation) {
    const [ownHeight, ownWidth] = segmentation.size;
    if (ownHeight !== height || ownWidth !== width) {
      throw new CocoFault(
        'its mask has another size than the picture',
        `${ownWidth} × ${ownHeight}, and not ${width} × ${height}`,
      );
    }
    const { counts } = segmentation;
    return fromRuns(typeof counts === 'string' ? decompress(counts) : counts, { width, height });
  }
  const mask = new Uint8Array(width * height);
  for (const polygon of segmentation) {
    for (const [pixel, inside] of fillPolygon(polygon, { width, height }).entries()) {
      if (inside === 1) mask[pixel] = 1;
    }
  }
  return mask;
}

function fromRuns(counts: readonly number[], { width, height }: Size): Uint8Array {
  const total = counts.reduce((sum, count) => sum + count, 0);
  if (total !== width * height || counts.some((count) => !Number.isInteger(count) || count < 0)) {
    throw new CocoFault('its runs do not cover the picture', `${total} pixels of ${width * height}`);
  }
  const mask = new Uint8Array(width * height);
  let place = 0;
  for (const [run, count] of counts.entries()) {
    for (let end = place + count; place < end; place++) {
      if (run % 2 === 1) mask[(place % height) * width + Math.floor(place / height)] = 1;
    }
  }
  return mask;
}

/** Six bits a character: five of a number, lowest first, and whether it goes on; from the fourth, differences. */
function decompress(text: string): number[] {
  const counts: number[] = [];
  let value = 0;
  let shift = 0;
  for (const character of text) {
    const bits = character.charCodeAt(0) - 48;
    if (bits < 0 || bits > 63) {
      throw new CocoFault('its compressed runs cannot be read', `the character "${character}"`);
    }
    value |= (bits & 31) << shift;
    shift += 5;
    if (bits & 32) continue;
    if (bits & 16) value |= -1 << shift;
    counts.push(counts.length > 2 ? value + counts[counts.length - 2] : value);
    value = 0;
    shift = 0;
  }
  return counts;
}

/** Corners are rounded to fifths of a pixel. */
const FINE = 5;

/**
 * The pixels inside a polygon as pycocotools sees them: its edges are drawn on a grid that is five times as fine, and
 * where they cross the middle of a column of pixels, inside and outside change below.
 */
function fillPolygon(polygon: readonly number[], { width, height }: Size): Uint8Array {
  if (polygon.length < 6 || polygon.length % 2 === 1 || !polygon.every(Number.isFinite)) {
    throw new CocoFault('its polygon is not three or more corners', `${polygon.length} numbers`);
  }
  const corners = Array.from({ length: polygon.length / 2 }, (_, index) => [
    Math.trunc(FINE * polygon[2 * index] + 0.5),
    Math.trunc(FINE * polygon[2 * index + 1] + 0.5),
  ]);
  const points = corners.flatMap((from, index) => drawEdge(from, corners[(index + 1) % corners.length]));

  /** How often inside and outside change at a place, counted down the columns. */
  const changes = new Uint8Array(width * height + 1);
  for (let index = 1; index < points.length; index++) {
    const [[lastX, lastY], [x, y]] = [points[index - 1], points[index]];
    if (x === lastX) continue;
    const column = ((x < lastX ? x : x - 1) + 0.5) / FINE - 0.5;
    if (!Number.isInteger(column) || column < 0 || column > width - 1) continue;
    const row = Math.ceil(Math.min(Math.max((Math.min(y, lastY) + 0.5) / FINE - 0.5, 0), height));
    changes[column * height + row] ^= 1;
  }
  const mask = new Uint8Array(width * height);
  let inside = 0;
  for (let place = 0; place < mask.length; place++) {
    inside ^= changes[place];
    mask[(place % height) * width + Math.floor(place / height)] = inside;
  }
  return mask;
}

/** The points of an edge on the fine grid, from one corner to the other. */
function drawEdge([fromX, fromY]: number[], [toX, toY]: number[]): [number, number][] {
  const [width, height] = [Math.abs(toX - fromX), Math.abs(toY - fromY)];
  const flat = width >= height;
  // Drawn from the lower number on, so that two neighbours draw their common edge alike.
  const flip = flat ? fromX > toX : fromY > toY;
  const [startX, startY, endX, endY] = flip ? [toX, toY, fromX, fromY] : [fromX, fromY, toX, toY];
  const slope = flat ? (endY - startY) / Math.max(width, 1) : (endX - startX) / height;
  return Array.from({ length: (flat ? width : height) + 1 }, (_, step) => {
    const along = flip ? (flat ? width : height) - step : step;
    return flat
      ? [along + startX, Math.trunc(startY + slope * along + 0.5)]
      : [Math.trunc(startX + slope * along + 0.5), along + startY];
  });
}
