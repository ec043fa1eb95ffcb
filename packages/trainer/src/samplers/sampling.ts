import type { Heads } from '@espalier/core';
import { TrainerError } from '../errors.js';
import { followLoss, type LossTrend } from './loss-trend.js';
import type { Sampling, SamplingOptions, SamplingState } from './sampler.js';
import { type Draw, ShuffledPool } from './shuffled-pool.js';

/** From which pool each draw comes. */
export interface PlanOfDraws {
  readonly pools: readonly Int32Array[];
  readonly followsLosses: boolean;
  /** The pool of a draw, by the batches before it and its place in its own. */
  pick(batch: number, place: number, trends: readonly (LossTrend | null)[]): number;
}

/** Begins at the first batch. */
export function startSampling<H extends Heads>(
  sampler: string,
  plan: PlanOfDraws,
  { tasks, batchSize, seed }: SamplingOptions<H>,
): Sampling<H> {
  const pools = plan.pools.map((members, stream) => new ShuffledPool(members, seed, stream));
  const sizes = pools.map(({ size }) => size);
  let batches = 0;
  let drawn = pools.map(() => 0);
  let trends: readonly (LossTrend | null)[] = tasks.map(() => null);
  return {
    followsLosses: plan.followsLosses,
    next() {
      const draws: Draw[] = [];
      for (let place = 0; place < batchSize; place++) {
        const pool = plan.pick(batches, place, trends);
        draws.push(pools[pool].draw(drawn[pool]++));
      }
      batches++;
      return draws;
    },
    observe(losses) {
      if (!plan.followsLosses) return;
      trends = trends.map((trend, task) => {
        const loss = losses[tasks[task]];
        return loss === undefined ? trend : followLoss(trend, loss);
      });
    },
    state: () => ({ sampler, seed, batchSize, sizes, batches, drawn: [...drawn], trends }),
    load(state) {
      checkBelongs(state, { sampler, seed, batchSize, sizes });
      ({ batches, trends } = state);
      drawn = [...state.drawn];
    },
  };
}

/** @throws TrainerError when a state was made with something else. */
export function checkBelongs(
  state: SamplingState,
  own: Pick<SamplingState, 'sampler' | 'seed' | 'batchSize' | 'sizes'>,
): void {
  for (const key of ['sampler', 'seed', 'batchSize', 'sizes'] as const) {
    const [saved, expected] = [state[key], own[key]].map((value) => JSON.stringify(value));
    if (saved === expected) continue;
    throw new TrainerError(
      `The saved place in the training data was made with ${key} ${saved}, but now it is ${expected}. ` +
        'Go on with what it was made with, or start anew.',
    );
  }
}
