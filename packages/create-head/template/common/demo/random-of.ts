import { type Random, seededRandom } from '@espalier/core';

/** Random numbers of an example's own. Generators of neighbouring seeds begin alike, so places are sent far apart. */
export function randomOf(place: number): Random {
  return seededRandom(Math.imul(place + 1, 0x9e3779b1));
}
