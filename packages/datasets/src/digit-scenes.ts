import { uniformFloat64 } from 'pure-rand/distribution/uniformFloat64';
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';
import { type Dataset, drawnDataset } from './dataset.js';
import { DatasetError } from './errors.js';
import { GLYPH_SIZE, type Glyph } from './mnist-digits.js';

/** The side of a scene in pixels. */
export const SCENE_SIZE = 64;

/** A digit in a scene. The box is where its ink is, in fractions of the scene's side, from 0 to 1. */
export interface SceneDigit {
  readonly digit: number;
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** Digits pasted into a cluttered picture. */
export interface DigitScene {
  /** 64 × 64 values in row-major order, from 0 (dark) to 1 (bright). */
  readonly pixels: Float32Array;
  /** The digits, the largest first. */
  readonly digits: readonly SceneDigit[];
}

export interface DigitScenesOptions {
  /** The glyphs to paste. */
  readonly glyphs: readonly Glyph[];
  /** How many scenes there are. */
  readonly count: number;
  readonly seed: number;
}

/** The longer side of a digit's ink in pixels. */
const SMALLEST = 14;
const LARGEST = 40;
/** The largest digit is at least this much larger than the next, so that people agree on which it is. */
const LEAD = 1.4;
const MOST_DIGITS = 4;
/** How much of the smaller box two digits may share. */
const MOST_OVERLAP = 0.1;
const PLACING_ATTEMPTS = 30;
const CLUTTER_PIECES = 6;
const CLUTTER_SIZE = 8;
const NOISE = 0.15;

interface Random {
  /** A whole number of 32 random bits. */
  bits(): number;
  /** A number in [0, 1). */
  number(): number;
}

/**
 * Scenes of 64 × 64 pixels with one to four handwritten digits of different sizes, among scraps of other digits
 * and noise. Scene `i` of a seed is always the same, and is drawn when it is asked for.
 *
 * @throws DatasetError when there is no glyph or no scene.
 */
export function digitScenes({ glyphs, count, seed }: DigitScenesOptions): Dataset<DigitScene> {
  if (glyphs.length === 0)
    throw new DatasetError('Digit scenes need at least one glyph to paste; found none.');
  if (!Number.isInteger(count) || count < 1) {
    throw new DatasetError(`Digit scenes need a whole number of scenes from 1; found ${count}.`);
  }
  const inks = glyphs.map(inkOf);
  return drawnDataset(count, 'scene', (index) => drawScene(inks, randomOf(seed, index)));
}

function randomOf(seed: number, index: number): Random {
  // Neighbouring seeds of a linear generator start alike; a multiplicative hash spreads them.
  const generator = xoroshiro128plus(Math.imul(seed, 0x9e3779b1) ^ Math.imul(index + 1, 0x85ebca6b));
  return { bits: () => generator.next(), number: () => uniformFloat64(generator) };
}

function drawScene(inks: readonly Ink[], random: Random): DigitScene {
  const pixels = drawNoise(random);
  for (let piece = 0; piece < CLUTTER_PIECES; piece++) pasteScrap(pixels, pick(inks, random).glyph, random);

  const digits: SceneDigit[] = [];
  for (const size of drawSizes(random)) {
    const ink = pick(inks, random);
    const place = findPlace(size, ink, digits, random);
    // A scene that is full keeps the digits that it has.
    if (place === undefined) continue;
    pasteInk(pixels, ink, place);
    digits.push({
      digit: ink.glyph.digit,
      x: place.x / SCENE_SIZE,
      y: place.y / SCENE_SIZE,
      width: place.width / SCENE_SIZE,
      height: place.height / SCENE_SIZE,
    });
  }
  return { pixels, digits };
}

/** Four pixels from each draw: a byte of noise is fine enough. */
function drawNoise(random: Random): Float32Array {
  const pixels = new Float32Array(SCENE_SIZE ** 2);
  for (let first = 0; first < pixels.length; first += 4) {
    const bits = random.bits();
    for (let byte = 0; byte < 4; byte++) pixels[first + byte] = (((bits >>> (8 * byte)) & 255) / 256) * NOISE;
  }
  return pixels;
}

/** The longer sides of the scene's digits, the largest first. */
function drawSizes(random: Random): number[] {
  const count = 1 + Math.floor(random.number() * MOST_DIGITS);
  const largest = between(SMALLEST * LEAD, LARGEST, random);
  const others = Array.from({ length: count - 1 }, () => between(SMALLEST, largest / LEAD, random));
  return [largest, ...others.sort((a, b) => b - a)];
}

/** The part of a glyph that has ink, in its pixels. */
interface Ink {
  readonly glyph: Glyph;
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

function inkOf(glyph: Glyph): Ink {
  let left = GLYPH_SIZE;
  let top = GLYPH_SIZE;
  let right = 0;
  let bottom = 0;
  for (const [index, value] of glyph.pixels.entries()) {
    if (value < 0.3) continue;
    const x = index % GLYPH_SIZE;
    const y = Math.floor(index / GLYPH_SIZE);
    left = Math.min(left, x);
    right = Math.max(right, x + 1);
    top = Math.min(top, y);
    bottom = Math.max(bottom, y + 1);
  }
  return { glyph, left, top, width: right - left, height: bottom - top };
}

/** Where a digit goes, in whole pixels of the scene. */
interface Place {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

function findPlace(size: number, ink: Ink, digits: readonly SceneDigit[], random: Random): Place | undefined {
  const scale = size / Math.max(ink.width, ink.height);
  const width = Math.max(Math.round(ink.width * scale), 2);
  const height = Math.max(Math.round(ink.height * scale), 2);
  for (let attempt = 0; attempt < PLACING_ATTEMPTS; attempt++) {
    const x = Math.floor(random.number() * (SCENE_SIZE - width + 1));
    const y = Math.floor(random.number() * (SCENE_SIZE - height + 1));
    if (digits.every((other) => sharedPart({ x, y, width, height }, other) <= MOST_OVERLAP)) {
      return { x, y, width, height };
    }
  }
  return undefined;
}

/** How much of the smaller of a place and a digit's box the two share. */
function sharedPart(place: Place, digit: SceneDigit): number {
  const [x, y, width, height] = [digit.x, digit.y, digit.width, digit.height].map(
    (side) => side * SCENE_SIZE,
  );
  const sharedWidth = Math.min(place.x + place.width, x + width) - Math.max(place.x, x);
  const sharedHeight = Math.min(place.y + place.height, y + height) - Math.max(place.y, y);
  if (sharedWidth <= 0 || sharedHeight <= 0) return 0;
  return (sharedWidth * sharedHeight) / Math.min(place.width * place.height, width * height);
}

function pasteInk(pixels: Float32Array, ink: Ink, place: Place): void {
  for (let y = 0; y < place.height; y++) {
    for (let x = 0; x < place.width; x++) {
      const value = sample(
        ink.glyph.pixels,
        ink.left + ((x + 0.5) / place.width) * ink.width - 0.5,
        ink.top + ((y + 0.5) / place.height) * ink.height - 0.5,
      );
      lighten(pixels, place.x + x, place.y + y, value);
    }
  }
}

/** A square scrap of a glyph: strokes like those of a digit, which are none. */
function pasteScrap(pixels: Float32Array, glyph: Glyph, random: Random): void {
  const from = Array.from(
    { length: 2 },
    () => 6 + Math.floor(random.number() * (GLYPH_SIZE - CLUTTER_SIZE - 12)),
  );
  const to = Array.from({ length: 2 }, () => Math.floor(random.number() * (SCENE_SIZE - CLUTTER_SIZE + 1)));
  for (let y = 0; y < CLUTTER_SIZE; y++) {
    for (let x = 0; x < CLUTTER_SIZE; x++) {
      lighten(pixels, to[0] + x, to[1] + y, glyph.pixels[(from[1] + y) * GLYPH_SIZE + from[0] + x]);
    }
  }
}

function lighten(pixels: Float32Array, x: number, y: number, value: number): void {
  const place = y * SCENE_SIZE + x;
  pixels[place] = Math.max(pixels[place], value);
}

/** The glyph's value between its pixels, bilinear; paper beyond its edges. */
function sample(pixels: Float32Array, x: number, y: number): number {
  const column = Math.floor(x);
  const row = Math.floor(y);
  const right = x - column;
  const below = y - row;
  const at = (atX: number, atY: number) =>
    atX < 0 || atY < 0 || atX >= GLYPH_SIZE || atY >= GLYPH_SIZE ? 0 : pixels[atY * GLYPH_SIZE + atX];
  return (
    (1 - below) * ((1 - right) * at(column, row) + right * at(column + 1, row)) +
    below * ((1 - right) * at(column, row + 1) + right * at(column + 1, row + 1))
  );
}

function between(low: number, high: number, random: Random): number {
  return low + random.number() * (high - low);
}

function pick<T>(items: readonly T[], random: Random): T {
  return items[Math.floor(random.number() * items.length)];
}
