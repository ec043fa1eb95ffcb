import type { Random } from '@espalier/core';

/** Endless batches of example indices: every epoch sees every example once, in a new order. */
export function* shuffledBatches(
  length: number,
  batchSize: number,
  random: Random,
): Generator<number[], never> {
  let queue: number[] = [];
  while (true) {
    while (queue.length < batchSize) queue = queue.concat(shuffled(length, random));
    yield queue.slice(0, batchSize);
    queue = queue.slice(batchSize);
  }
}

/** The indices in random order (R. Durstenfeld, algorithm 235, CACM 1964). */
function shuffled(length: number, random: Random): number[] {
  const order = Array.from({ length }, (_, index) => index);
  for (let last = length - 1; last > 0; last--) {
    const other = Math.floor(random() * (last + 1));
    [order[last], order[other]] = [order[other], order[last]];
  }
  return order;
}
