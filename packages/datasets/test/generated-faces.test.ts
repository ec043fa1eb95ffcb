import {
  FACE_SIZE,
  type GeneratedExpression,
  type GeneratedFace,
  generatedExpressions,
  generatedFaces,
} from '@espalier/datasets';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

const pixelCount = FACE_SIZE ** 2;

/** The mean of all faces: pose, light and noise are gone, the person is left. */
function meanFace(faces: readonly GeneratedFace[]): Float64Array {
  const mean = new Float64Array(pixelCount);
  for (const { pixels } of faces)
    for (const [pixel, value] of pixels.entries()) mean[pixel] += value / faces.length;
  const level = mean.reduce((sum, value) => sum + value, 0) / pixelCount;
  return mean.map((value) => value - level);
}

function distance(a: Float64Array, b: Float64Array): number {
  return Math.sqrt(a.reduce((sum, value, pixel) => sum + (value - b[pixel]) ** 2, 0) / pixelCount);
}

describe('generated faces', () => {
  const options = { people: [3, 8], count: 40, seed: 1 };

  test('are the same for the same seed, in whatever order they are asked for, and others for another', () => {
    fc.assert(
      fc.property(fc.nat(39), fc.nat(1000), (index, seed) => {
        const face = generatedFaces({ ...options, seed }).at(index);
        expect(generatedFaces({ ...options, seed }).at(index)).toEqual(face);
        expect(generatedFaces({ ...options, seed: seed + 1 }).at(index).pixels).not.toEqual(face.pixels);
      }),
      { numRuns: 20 },
    );
  });

  test('have values from 0 to 1, a person of the list in turn, and every expression', () => {
    const data = generatedFaces(options);
    const faces = Array.from({ length: data.length }, (_, index) => data.at(index));
    expect(faces.map(({ person }) => person)).toEqual(faces.map((_, index) => (index % 2 === 0 ? 3 : 8)));
    expect(new Set(faces.map(({ expression }) => expression)).size).toBe(generatedExpressions.length);
    for (const { pixels } of faces) {
      expect(pixels).toHaveLength(pixelCount);
      expect(pixels.every((value) => value >= 0 && value <= 1)).toBe(true);
    }
  });

  test('no two are the same picture, though person and expression are', () => {
    const data = generatedFaces({ people: [3], count: 30, seed: 2 });
    const pictures = Array.from({ length: 30 }, (_, index) => data.at(index).pixels.join());
    expect(new Set(pictures).size).toBe(30);
  });
});

describe('what a face shows', () => {
  const read = (person: number, seed: number) => {
    const data = generatedFaces({ people: [person], count: 300, seed });
    return Array.from({ length: data.length }, (_, index) => data.at(index));
  };
  const [one, again, other] = [read(5, 1), read(5, 2), read(6, 1)];

  test('a person’s drawings are more alike than those of two people', () => {
    const own = distance(meanFace(one), meanFace(again));
    expect(distance(meanFace(one), meanFace(other))).toBeGreaterThan(1.7 * own);
  });

  test.each(generatedExpressions.slice(1))('%s moves brows and mouth, and nothing else', (expression) => {
    // The same draws of pose, light and noise.
    const drawn = (own: GeneratedExpression) =>
      generatedFaces({ people: [5], expressions: [own], count: 20, seed: 1 });
    const [neutral, moved] = [drawn('neutral'), drawn(expression)];
    for (let index = 0; index < 20; index++) {
      const [before, after] = [neutral.at(index).pixels, moved.at(index).pixels];
      const changed = before.filter((value, pixel) => value !== after[pixel]).length / pixelCount;
      expect(changed).toBeGreaterThan(0.01);
      expect(changed).toBeLessThan(0.2);
    }
  });
});

test('without people, or without faces, there is nothing to draw', () => {
  expect(() => generatedFaces({ people: [], count: 1, seed: 1 })).toThrow(/at least one person; found none/);
  expect(() => generatedFaces({ people: [1], expressions: [], count: 1, seed: 1 })).toThrow(
    /at least one expression/,
  );
  expect(() => generatedFaces({ people: [1], count: 0, seed: 1 })).toThrow(/a whole number from 1; found 0/);
  expect(() => generatedFaces({ people: [1], count: 2, seed: 1 }).at(2)).toThrow(
    /no face 2; the faces are 0 to 1/,
  );
});
