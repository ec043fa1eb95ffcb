import { type Random, seededRandom } from '@espalier/core';

/**
 * Random numbers that are told apart by counters: the same seed and counters give the same numbers, whatever was drawn
 * before. So the place in a random order is a count, and a count is all that a checkpoint has to hold.
 */
export function randomAt(seed: number, ...counters: readonly number[]): Random {
  let hash = mixed(seed);
  for (const counter of counters) hash = mixed(hash ^ mixed(counter + 0x9e3779b9));
  return seededRandom(hash);
}

/** The finalizer of MurmurHash3 (A. Appleby, public domain): every bit of the input changes half of the output's. */
function mixed(value: number): number {
  let bits = value | 0;
  bits = Math.imul(bits ^ (bits >>> 16), 0x85ebca6b);
  bits = Math.imul(bits ^ (bits >>> 13), 0xc2b2ae35);
  return bits ^ (bits >>> 16);
}
