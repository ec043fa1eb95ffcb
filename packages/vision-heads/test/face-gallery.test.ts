import {
  cosineSimilarity,
  FaceGallery,
  facePairs,
  type Pair,
  verificationThreshold,
} from '@espalier/vision-heads';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

describe('a gallery', () => {
  const gallery = new FaceGallery<string>();
  gallery.enrol('Ann', [1, 0.1, 0]);
  gallery.enrol('Ann', [1, -0.1, 0]);
  gallery.enrol('Ben', [0, 2, 0]);

  test('knows people again by the mean of their faces', () => {
    expect(gallery.people).toEqual(['Ann', 'Ben']);
    const match = gallery.identify([3, 0, 0], 0.5);
    expect(match?.person).toBe('Ann');
    expect(match?.similarity).toBeCloseTo(1, 12);
  });

  test('says of strangers that it does not know them', () => {
    expect(gallery.identify([0, 0, 1], 0.5)).toBeUndefined();
    expect(new FaceGallery().identify([1, 0], -1)).toBeUndefined();
  });

  test('takes a similarity that is exactly the threshold', () => {
    expect(gallery.identify([0, 1, 0], 1)?.person).toBe('Ben');
  });

  test('refuses what is no direction, or of another length', () => {
    expect(() => gallery.enrol('Cleo', [0, 0, 0])).toThrow(/all zeros or not finite/);
    expect(() => gallery.enrol('Cleo', [Number.NaN, 0, 1])).toThrow(/all zeros or not finite/);
    expect(() => gallery.enrol('Cleo', [1, 0])).toThrow(/2 values; those in the gallery have 3/);
    expect(() => gallery.identify([1, 0], 0.5)).toThrow(/2 values; those in the gallery have 3/);
    expect(gallery.people).toEqual(['Ann', 'Ben']);
  });
});

test('every pair of different faces is there once, with its cosine', () => {
  const pairs = facePairs(
    [
      [1, 0],
      [0, 3],
      [1, 1],
    ],
    ['Ann', 'Ben', 'Ann'],
  );
  expect(pairs.map(({ same }) => same)).toEqual([false, true, false]);
  expect(pairs[1].similarity).toBeCloseTo(Math.SQRT1_2, 12);
  expect(cosineSimilarity([0, 0], [1, 1])).toBe(0);
});

describe('a verification threshold', () => {
  const pairs = fc
    .array(fc.record({ similarity: fc.integer({ min: -5, max: 5 }), same: fc.boolean() }), { minLength: 2 })
    .filter((own) => own.some(({ same }) => same) && own.some(({ same }) => !same));
  const errors = (own: readonly Pair[], threshold: number) => {
    const rate = (kind: boolean, wrong: (pair: Pair) => boolean) => {
      const all = own.filter(({ same }) => same === kind);
      return all.filter(wrong).length / all.length;
    };
    return {
      accepts: rate(false, ({ similarity }) => similarity >= threshold),
      refusals: rate(true, ({ similarity }) => similarity < threshold),
    };
  };

  test('accepts no more strangers than it may, and a lower one would', () => {
    fc.assert(
      fc.property(pairs, fc.double({ min: 0, max: 1, noNaN: true }), (own, most) => {
        const threshold = verificationThreshold(own, most);
        expect(errors(own, threshold).accepts).toBeLessThanOrEqual(most);
        const lower = own.map(({ similarity }) => similarity).filter((similarity) => similarity < threshold);
        if (lower.length > 0) expect(errors(own, Math.max(...lower)).accepts).toBeGreaterThan(most);
      }),
    );
  });

  test('makes the two kinds of error as equal as can be, unless told otherwise', () => {
    fc.assert(
      fc.property(pairs, (own) => {
        const difference = (threshold: number) => {
          const { accepts, refusals } = errors(own, threshold);
          return Math.abs(accepts - refusals);
        };
        const least = Math.min(...own.map(({ similarity }) => difference(similarity)), difference(Infinity));
        expect(difference(verificationThreshold(own))).toBeCloseTo(least, 12);
      }),
    );
  });

  test('needs pairs of both kinds', () => {
    expect(() => verificationThreshold([{ similarity: 1, same: false }])).toThrow(/found 0 and 1/);
  });
});
