import { uniformFloat64 } from 'pure-rand/distribution/uniformFloat64';
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';

/** A source of numbers in [0, 1), as `Math.random` is one. */
export type Random = () => number;

/** A source of numbers in [0, 1) that gives the same sequence for the same seed. */
export function seededRandom(seed: number): Random {
  const generator = xoroshiro128plus(seed);
  return () => uniformFloat64(generator);
}

/**
 * Runs `build` with every number that TensorFlow.js draws taken from `random`.
 *
 * TensorFlow.js seeds its unseeded initializers and dropout masks from `Math.random`. Layers know nothing
 * of us, so for the time of this synchronous call `Math.random` is the one place where they can be seeded.
 */
export function withRandom<T>(random: Random, build: () => T): T {
  const original = Math.random;
  Math.random = random;
  try {
    return build();
  } finally {
    Math.random = original;
  }
}
