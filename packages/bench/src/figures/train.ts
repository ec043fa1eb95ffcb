import { disposeBatch, type ExampleOf, type Heads, type MultiTaskModel } from '@espalier/core';
import { type Aggregator, sum, type Weighting } from '@espalier/losses';
import { adamW, Training } from '@espalier/trainer';

export interface Budget<H extends Heads> {
  readonly updates: number;
  readonly learningRate: number;
  /** The examples of an update, counted from 1. */
  readonly draw: (update: number) => readonly ExampleOf<H>[];
  readonly weighting?: Weighting;
  readonly aggregator?: Aggregator;
  readonly seed: number;
  /** Called after every so many updates, and awaited, with the model up to date. */
  readonly watch?: { readonly every: number; readonly look: (update: number) => Promise<void> };
}

/** Trains by AdamW at a constant rate: so many updates, whatever the number of examples or tasks. */
export async function train<H extends Heads>(
  model: MultiTaskModel<H>,
  { updates, learningRate, draw, weighting = sum(), aggregator, seed, watch }: Budget<H>,
): Promise<void> {
  const training = new Training(model, {
    optimizer: adamW({ weightDecay: 0 }),
    weighting,
    aggregator,
    seed,
  });
  try {
    for (let step = 1; step <= updates; step++) {
      const batch = model.batch(draw(step));
      try {
        training.step(batch, { learningRate, step, epoch: 1 });
      } finally {
        disposeBatch(batch);
      }
      if (watch !== undefined && step % watch.every === 0) {
        training.sync();
        await watch.look(step);
      }
    }
  } finally {
    training.dispose();
  }
}

/** Draws so many of a pool, without putting back until all were drawn. */
export function drawFrom<T>(pool: readonly T[], count: number, random: () => number): () => T[] {
  let left: T[] = [];
  return () =>
    Array.from({ length: count }, () => {
      if (left.length === 0) left = [...pool];
      const place = Math.floor(random() * left.length);
      const [drawn] = left.splice(place, 1);
      return drawn!;
    });
}
