import type { Heads, InputKind } from '@espalier/core';
import type { Cluster, WorkerBatch } from '@espalier/engine/cluster';
import * as tf from '@tensorflow/tfjs-core';
import { labelledTasks } from './batch-tensors.js';
import { type ClusterSteps, repeatWhereLost } from './cluster-step.js';
import type { Draw } from './samplers/shuffled-pool.js';
import { split } from './split.js';
import type { StepOptions, StepResult, Training } from './training.js';
import { partOfWorkers, requestFor } from './worker-examples.js';

/** The examples of a step. */
interface Examples {
  readonly draws: readonly Draw[];
  reading?: Reading | undefined;
}

/** What workers have been asked to read. */
interface Reading {
  readonly batch: Promise<WorkerBatch>;
  /** The cluster's, when they were asked: in another one they may be others. */
  readonly generation: number;
}

/** All workers compute one batch in one run, and read the next one meanwhile. */
export class TogetherSteps<H extends Heads, I extends InputKind> implements ClusterSteps<H, I> {
  private following: Examples | undefined;

  constructor(
    private readonly cluster: Cluster,
    private readonly tasks: readonly string[],
  ) {}

  async step(
    training: Training<H, I>,
    next: () => readonly Draw[] | undefined,
    at: StepOptions,
  ): Promise<StepResult<H>> {
    const examples = this.following ?? { draws: next() ?? [] };
    this.following = undefined;
    return repeatWhereLost(this.cluster, at.step, async () => {
      const workers = await this.cluster.ready(at.step);
      // A step is repeated in another generation, so its examples are read again.
      const batch = await this.begin(examples, workers, at.step).batch;
      const part = partOfWorkers(this.tasks, batch, 'without masks');
      try {
        const draws = this.following?.draws ?? next();
        if (draws !== undefined) {
          this.following ??= { draws };
          this.begin(this.following, workers, at.step + 1);
        }
        return training.stepOn(() => (labelledTasks([part]).length > 0 ? [part] : []), at);
      } catch (error) {
        // Whoever finds out what is wrong finds nothing under way.
        await this.following?.reading?.batch.catch(() => undefined);
        throw error;
      } finally {
        tf.dispose(part.tensors as tf.NamedTensorMap);
      }
    });
  }

  dispose(): void {
    if (this.following !== undefined) giveUp(this.following);
  }

  /** Has workers read the examples of a step, unless they are at it. */
  private begin(examples: Examples, workers: readonly number[], step: number): Reading {
    const { generation } = this.cluster;
    if (examples.reading?.generation === generation) return examples.reading;
    giveUp(examples);
    const { draws } = examples;
    const parts = split(draws, Math.min(workers.length, draws.length));
    const requests = parts.map((part, place) => [workers[place], requestFor(part, this.tasks)] as const);
    const batch = this.cluster.read(new Map(requests), step % 2 === 0 ? 0 : 1);
    // What fails is thrown where it is waited for.
    batch.catch(() => undefined);
    examples.reading = { batch, generation };
    return examples.reading;
  }
}

function giveUp(examples: Examples): void {
  examples.reading?.batch.then(
    ({ tensors }) => tf.dispose(tensors),
    () => undefined,
  );
  examples.reading = undefined;
}
