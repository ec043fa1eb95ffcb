import type { Weight } from '@espalier/core';

/** scale · u + shift, where u are numbers from 0 to 1 by a name, as `uniform` of reference/make_vision.py. */
function uniform(name: string, shape: readonly number[], scale: number, shift: number): Weight {
  let start = 0x811c9dc5;
  for (const byte of new TextEncoder().encode(name)) start = Math.imul(start ^ byte, 0x01000193);
  const values = new Float32Array(sizeOf(shape));
  for (let index = 0; index < values.length; index++) {
    let x = (Math.imul(index, 0x9e3779b1) + start) | 0;
    x ^= x >>> 16;
    x = Math.imul(x, 0x85ebca6b);
    x ^= x >>> 13;
    x = Math.imul(x, 0xc2b2ae35);
    x ^= x >>> 16;
    values[index] = ((x >>> 0) / 2 ** 32) * scale + shift;
  }
  return { shape, values };
}

/** The weight of a name, as `formula` of reference/make_vision.py. */
export function formula(name: string, shape: readonly number[], kernels: 'pytorch' | 'tensorflow'): Weight {
  if (shape.length > 1) {
    const bound = Math.sqrt(6 / sizeOf(kernels === 'pytorch' ? shape.slice(1) : shape.slice(0, -1)));
    return uniform(name, shape, 2 * bound, -bound);
  }
  if (/(running_var|moving_variance)$/.test(name)) return uniform(name, shape, 1, 0.5);
  if (/(weight|gamma)$/.test(name)) return uniform(name, shape, 0.5, 0.25);
  return uniform(name, shape, 0.2, -0.1);
}

/** Pictures of sides that no stride divides. */
export function pictures(): Weight {
  return uniform('input', [2, 35, 50, 3], 2, -1);
}

function sizeOf(shape: readonly number[]): number {
  return shape.reduce((product, side) => product * side, 1);
}
