import type { Heads } from '@espalier/core';
import type { Sampler } from './sampler.js';
import { checkBelongs } from './sampling.js';
import { randomAt } from './seeds.js';
import { type Draw, shuffledOrder } from './shuffled-pool.js';

/**
 * Batches of examples of about one length, so that little of them is padding: every epoch sees every example once, the
 * batches in a new order, and each with new examples of its length. The last of a length may be filled up with some
 * that come twice.
 *
 * @param lengthOf how long an example is; unless it is given, as long as its input, for which all are read once.
 */
export function byLength<H extends Heads>(lengthOf?: (index: number) => number): Sampler<H> {
  const name = 'byLength';
  return {
    name,
    start(data, { batchSize, seed }) {
      const lengths = Array.from({ length: data.length }, (_, index) =>
        lengthOf === undefined ? longestOf(data.at(index, 0).input) : lengthOf(index),
      );
      const size = Math.min(batchSize, data.length);
      const own = { sampler: name, seed, batchSize, sizes: [data.length] };
      let batches = 0;
      let plan: { readonly epoch: number; readonly batches: readonly (readonly number[])[] } | undefined;
      return {
        next() {
          const perEpoch = Math.ceil(data.length / size);
          const epoch = Math.floor(batches / perEpoch);
          if (plan?.epoch !== epoch) plan = { epoch, batches: planEpoch(lengths, size, seed, epoch) };
          return plan.batches[batches++ % perEpoch].map((index): Draw => ({ index, epoch }));
        },
        followsLosses: false,
        observe() {},
        state: () => ({ ...own, batches, drawn: [], trends: [] }),
        load(state) {
          checkBelongs(state, own);
          ({ batches } = state);
        },
      };
    },
  };
}

/** Where tasks have inputs of their own, the longest counts. */
function longestOf(input: unknown): number {
  if (input instanceof Float32Array) return input.length;
  return Math.max(0, ...Object.values(input ?? {}).map((own?: ArrayLike<number>) => own?.length ?? 0));
}

function planEpoch(lengths: readonly number[], size: number, seed: number, epoch: number): number[][] {
  const random = randomAt(seed, epoch);
  const all = Int32Array.from(lengths, (_, index) => index);
  // Sorting is stable: examples of one length stay in random order.
  const order = Array.from(shuffledOrder(all, random)).sort((a, b) => lengths[a] - lengths[b]);
  const batches = Array.from({ length: Math.ceil(order.length / size) }, (_, batch) => {
    const end = Math.min((batch + 1) * size, order.length);
    return order.slice(end - size, end);
  });
  return Array.from(shuffledOrder(Int32Array.from(batches.keys()), random), (batch) => batches[batch]);
}
