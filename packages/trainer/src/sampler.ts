import type { Random } from '@espalier/core';

/** Which example, and how often all of them were seen before. */
export interface Draw {
  readonly index: number;
  readonly epoch: number;
}

/** Endless batches of examples: every epoch sees every example once, in a new order. */
export function* shuffledBatches(
  length: number,
  batchSize: number,
  random: Random,
): Generator<Draw[], never> {
  let queue: Draw[] = [];
  for (let epoch = 0; ; ) {
    for (; queue.length < batchSize; epoch++) {
      queue = queue.concat(shuffled(length, random).map((index) => ({ index, epoch })));
    }
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
