import type { Cluster } from '@espalier/engine/cluster';
import { TrainerError } from './errors.js';

/** How a training uses a cluster. */
export interface ClusterOptions {
  /** Where the steps run, in place of this machine: see `connect` of `@espalier/engine/cluster`. */
  readonly cluster?: Cluster | undefined;
  /**
   * `synchronous` (the default): an update is made of one batch, of which each worker has a part. `asynchronous`: each
   * worker has batches of its own, and its gradients are an update as soon as they are there. They are those of weights
   * that others have changed meanwhile, so this changes results, and is not the same from run to run.
   *
   * J. Dean et al., "Large scale distributed deep networks", NIPS 2012, section 4.1.
   */
  readonly updates?: 'synchronous' | 'asynchronous' | undefined;
  /**
   * For how many of the workers a synchronous update does not wait (0): it is made of as many parts as there are others,
   * those that are there first. What the late ones were asked for is handed out again in the same epoch, before what
   * comes next. `batchSize` is a multiple of how many are waited for.
   *
   * J. Chen, X. Pan, R. Monga, S. Bengio, R. Jozefowicz, "Revisiting distributed synchronous SGD", ICLR workshop 2016,
   * section 3.
   */
  readonly backupWorkers?: number | undefined;
}

/** Whether workers compute before it is known which of them an update is made of. */
export function computesAhead({ updates, backupWorkers = 0 }: ClusterOptions): boolean {
  return updates === 'asynchronous' || backupWorkers > 0;
}

/** @throws TrainerError when the options contradict each other, or the cluster. */
export function checkClusterOptions({ cluster, updates, backupWorkers }: ClusterOptions): void {
  if (cluster === undefined) {
    const [option] =
      Object.entries({ updates, backupWorkers }).find(([, value]) => value !== undefined) ?? [];
    if (option === undefined) return;
    throw new TrainerError(`${option} is for the workers of a cluster, and there is none. Give \`cluster\`.`);
  }
  if (backupWorkers === undefined) return;
  if (updates === 'asynchronous') {
    throw new TrainerError(
      'backupWorkers are for synchronous updates: an asynchronous one waits for nobody. Leave one of the two out.',
    );
  }
  if (!Number.isInteger(backupWorkers) || backupWorkers < 0) {
    throw new TrainerError(`backupWorkers is ${backupWorkers}; expected a whole number from 0.`);
  }
  if (backupWorkers >= cluster.workers) {
    throw new TrainerError(
      `backupWorkers is ${backupWorkers}, and the cluster has ${cluster.workers} workers: an update needs at least one of them.`,
    );
  }
}
