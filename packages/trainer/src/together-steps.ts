import type { Heads, InputKind } from '@espalier/core';
import type { Cluster } from '@espalier/engine/cluster';
import * as tf from '@tensorflow/tfjs-core';
import { labelledTasks } from './batch-tensors.js';
import { type ClusterSteps, repeatWhereLost } from './cluster-step.js';
import type { Draw } from './samplers/shuffled-pool.js';
import { split } from './split.js';
import type { StepOptions, StepResult, Training } from './training.js';
import { partOfWorkers, requestFor } from './worker-examples.js';

/** All workers compute one batch in one run. */
export class TogetherSteps<H extends Heads, I extends InputKind> implements ClusterSteps<H, I> {
  constructor(
    private readonly cluster: Cluster,
    private readonly tasks: readonly string[],
  ) {}

  async step(
    training: Training<H, I>,
    next: () => readonly Draw[] | undefined,
    at: StepOptions,
  ): Promise<StepResult<H>> {
    const draws = next() ?? [];
    return repeatWhereLost(this.cluster, at.step, async () => {
      const workers = (await this.cluster.ready(at.step)).slice(0, draws.length);
      const parts = split(draws, workers.length);
      const requests = workers.map(
        (worker, place) => [worker, requestFor(parts[place], this.tasks)] as const,
      );
      const batch = await this.cluster.read(new Map(requests));
      const part = partOfWorkers(this.tasks, batch, 'without masks');
      try {
        return training.stepOn(() => (labelledTasks([part]).length > 0 ? [part] : []), at);
      } finally {
        tf.dispose(part.tensors as tf.NamedTensorMap);
      }
    });
  }

  dispose(): void {}
}
