import type { Heads } from '@espalier/core';
import type { Sampler } from './sampler.js';
import { startSampling } from './sampling.js';

/** Every epoch gives every example once, in a new order, whatever tasks it is labelled for. */
export function shuffled<H extends Heads>(): Sampler<H> {
  const name = 'shuffled';
  return {
    name,
    start: (data, options) =>
      startSampling(
        name,
        {
          pools: [Int32Array.from({ length: data.length }, (_, index) => index)],
          followsLosses: false,
          pick: () => 0,
        },
        options,
      ),
  };
}
