import type { Heads, InputKind, MultiTaskModel } from '@espalier/core';
import { ClusterFault, type NamedTensors } from '@espalier/engine';
import type { Cluster, Examples, WorkerBatch } from '@espalier/engine/cluster';
import * as tf from '@tensorflow/tfjs-core';
import { batchTensors, labelledTasks, type Part } from './batch-tensors.js';
import type { DataOf } from './data.js';
import { TrainerError } from './errors.js';
import { exampleOf } from './example-of.js';
import type { Draw } from './samplers/shuffled-pool.js';
import type { StepOptions, StepResult, Training } from './training.js';

/**
 * What a worker of a cluster reads: the default export of the module that `espalier-engine serve --examples` is given.
 *
 * @param model is the chief's; its weights do not matter here.
 * @param data is the chief's too, but only examples of this worker's parts of the batches are asked for.
 */
export function workerExamples<H extends Heads, I extends InputKind = 'common'>(
  model: MultiTaskModel<H, I>,
  data: DataOf<H, I>,
): Examples {
  const tasks = model.tasks.map(({ name }) => name);
  return {
    fingerprint: fingerprintOf(model, data),
    read(request) {
      const draws = decode([...request], tasks);
      const batch = model.batch(draws.map((draw) => exampleOf(data, draw)));
      const labelled = model.tasks.map(({ name }) => [name, batch.targets[name].labelled]);
      return {
        tensors: rename(batchTensors(model, batch), 'no-mask', 'mask'),
        counts: { examples: draws.length, ...Object.fromEntries(labelled) },
      };
    },
  };
}

/** Batches that the workers of a cluster have read, each a part. */
export class ClusterBatches<H extends Heads, I extends InputKind> {
  private readonly tasks: readonly string[];

  /** @throws TrainerError when a batch has fewer examples than there are workers, or a worker has others. */
  constructor(
    model: MultiTaskModel<H, I>,
    private readonly cluster: Cluster,
    {
      data,
      batchSize,
      accumulate = 1,
    }: { readonly data: DataOf<H, I>; readonly batchSize: number; readonly accumulate?: number },
  ) {
    this.tasks = model.tasks.map(({ name }) => name);
    if (accumulate > 1) {
      throw new TrainerError(
        `accumulate is ${accumulate}, and a cluster takes each batch at once: leave it out, and give more workers.`,
      );
    }
    if (batchSize < cluster.workers) {
      throw new TrainerError(
        `batchSize is ${batchSize}, and the cluster has ${cluster.workers} workers: each needs at least one example.`,
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
  }

  /** One update. It is repeated, with the same examples, where a worker is lost. */
  async step(training: Training<H, I>, draws: readonly Draw[], at: StepOptions): Promise<StepResult<H>> {
    for (;;) {
      try {
        const workers = Math.min(await this.cluster.ready(at.step), draws.length);
        const requests = split(draws, workers).map((own) => encode(own, this.tasks));
        const part = this.part(await this.cluster.read(requests));
        try {
          return training.stepOn(() => (labelledTasks([part]).length > 0 ? [part] : []), at);
        } finally {
          tf.dispose(part.tensors as tf.NamedTensorMap);
        }
      } catch (error) {
        if (!(error instanceof ClusterFault)) throw error;
        await this.cluster.recover(error, at.step);
      }
    }
  }

  /** With each worker's share of the examples, and of those that carry a task's label. */
  private part({ tensors, counts, perWorker }: WorkerBatch): Part {
    const totalOf = (what: string) => counts.reduce((sum, own) => sum + own[what], 0);
    const shareOf = (what: string) => perWorker(counts.map((own) => own[what] / totalOf(what)));
    const present = this.tasks.filter((name) => totalOf(name) > 0);
    const absent = this.tasks.filter((name) => !present.includes(name));
    return {
      tensors: {
        ...rename(tensors, 'mask', 'no-mask', absent),
        'worker-share': shareOf('examples'),
        ...Object.fromEntries(present.map((name) => [`${name}/worker-share`, shareOf(name)])),
      },
      shares: this.tasks.map((name) => (present.includes(name) ? 1 : undefined)),
      stream: [],
    };
  }
}

/** Draws as numbers: index, epoch, how many tasks they are for (-1 for all of them) and which. */
function encode(draws: readonly Draw[], names: readonly string[]): number[] {
  return draws.flatMap(({ index, epoch, tasks }) => {
    const places = tasks?.map((task) => names.indexOf(task));
    return [index, epoch, places?.length ?? -1, ...(places ?? [])];
  });
}

function decode(numbers: readonly number[], names: readonly string[]): Draw[] {
  const draws: Draw[] = [];
  for (let place = 0; place < numbers.length; ) {
    const [index, epoch, count] = numbers.slice(place, place + 3);
    const end = place + 3 + Math.max(0, count);
    const tasks = numbers.slice(place + 3, end).map((task) => names[task]);
    draws.push(count < 0 ? { index, epoch } : { index, epoch, tasks });
    place = end;
  }
  return draws;
}

/** Parts of about one size, in order. */
function split<T>(items: readonly T[], parts: number): T[][] {
  const place = (part: number) => Math.floor((part * items.length) / parts);
  return Array.from({ length: parts }, (_, part) => items.slice(place(part), place(part + 1)));
}

function rename(
  tensors: NamedTensors,
  from: string,
  to: string,
  tasks?: readonly string[],
): Record<string, tf.Tensor> {
  return Object.fromEntries(
    Object.entries(tensors).map(([name, tensor]) => {
      const task = name.endsWith(`/${from}`) ? name.slice(0, -from.length - 1) : undefined;
      const isMeant = task !== undefined && (tasks === undefined || tasks.includes(task));
      return [isMeant ? `${task}/${to}` : name, tensor];
    }),
  );
}

function fingerprintOf<H extends Heads, I extends InputKind>(
  model: MultiTaskModel<H, I>,
  { length }: DataOf<H, I>,
): string {
  const { architecture } = model;
  return JSON.stringify({ architecture, parameters: model.countParams(), examples: length });
}
