import type { Heads, InputKind } from '@espalier/core';
import { ClusterFault } from '@espalier/engine';
import type { Cluster } from '@espalier/engine/cluster';
import type { Draw } from './samplers/shuffled-pool.js';
import type { StepOptions, StepResult, Training } from './training.js';

/** The steps of a training whose batches the workers of a cluster read. */
export interface ClusterSteps<H extends Heads, I extends InputKind> {
  /**
   * One update. It is repeated, with the same examples, where a worker is lost.
   *
   * @param next the next batch; `undefined` where the one before is to be the last for now.
   */
  step(
    training: Training<H, I>,
    next: () => readonly Draw[] | undefined,
    at: StepOptions,
  ): Promise<StepResult<H>>;
  /** Gives up what workers are still at. */
  dispose(): void;
}

/** @throws ClusterError where the cluster cannot go on without what is lost. */
export async function repeatWhereLost<R>(
  cluster: Cluster,
  step: number,
  attempt: () => Promise<R>,
): Promise<R> {
  for (;;) {
    try {
      return await attempt();
    } catch (error) {
      if (!(error instanceof ClusterFault)) throw error;
      await cluster.recover(error, step);
    }
  }
}
