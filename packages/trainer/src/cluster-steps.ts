import type { Heads, InputKind, MultiTaskModel } from '@espalier/core';
import type { Cluster } from '@espalier/engine/cluster';
import { AheadSteps } from './ahead-steps.js';
import { type ClusterOptions, computesAhead } from './cluster-options.js';
import type { ClusterSteps } from './cluster-step.js';
import type { DataOf } from './data.js';
import { TrainerError } from './errors.js';
import { TogetherSteps } from './together-steps.js';
import { fingerprintOf } from './worker-examples.js';

interface ClusterStepsOptions<H extends Heads, I extends InputKind> extends ClusterOptions {
  readonly data: DataOf<H, I>;
  readonly batchSize: number;
  readonly accumulate?: number;
}

/** @throws TrainerError when the workers cannot be given parts of a batch, or read for something else. */
export function clusterSteps<H extends Heads, I extends InputKind>(
  model: MultiTaskModel<H, I>,
  cluster: Cluster,
  options: ClusterStepsOptions<H, I>,
): ClusterSteps<H, I> {
  const { data, batchSize, accumulate = 1, updates, backupWorkers = 0 } = options;
  const tasks = model.tasks.map(({ name }) => name);
  const waitedFor = updates === 'asynchronous' ? 1 : cluster.workers - backupWorkers;
  if (accumulate > 1) {
    throw new TrainerError(
      `accumulate is ${accumulate}, and a cluster takes each batch at once: leave it out, and give more workers.`,
    );
  }
  if (batchSize < waitedFor) {
    throw new TrainerError(
      `batchSize is ${batchSize}, and the cluster has ${cluster.workers} workers: each needs at least one example.`,
    );
  }
  if (backupWorkers > 0 && batchSize % waitedFor > 0) {
    throw new TrainerError(
      `batchSize is ${batchSize}, and a step waits for ${waitedFor} of ${cluster.workers} workers, any of them: give a ` +
        `multiple of ${waitedFor}, for their parts to have one size.`,
    );
  }
  const own = fingerprintOf(model, data);
  const other = cluster.examples.find(({ fingerprint }) => fingerprint !== own);
  if (other !== undefined) {
    throw new TrainerError(
      `${other.machine} reads for another network, or from other data, than the chief: it has ${other.fingerprint}, the ` +
        `chief ${own}. Run the same program on both.`,
    );
  }
  if (!computesAhead(options)) return new TogetherSteps(cluster, tasks);
  if (updates === 'asynchronous') {
    cluster.announce(
      'makes asynchronous updates: gradients are those of weights that other workers have changed meanwhile, and results ' +
        'are not those of synchronous training',
    );
  }
  return new AheadSteps(cluster, tasks, waitedFor, updates === 'asynchronous' ? 'used later' : 'dropped');
}
