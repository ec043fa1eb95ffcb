import type { Heads, InputKind, MultiTaskModel } from '@espalier/core';
import type { NamedTensors } from '@espalier/engine';
import type { Examples, WorkerBatch } from '@espalier/engine/cluster';
import type * as tf from '@tensorflow/tfjs-core';
import { batchTensors, type Part } from './batch-tensors.js';
import type { DataOf } from './data.js';
import { exampleOf } from './example-of.js';
import type { Draw } from './samplers/shuffled-pool.js';

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

/**
 * What workers have read, as a part of a step, with each worker's share of the examples and of those that carry a task's
 * label.
 *
 * @param absent Whether tasks without a label in it have no mask. With one, parts of other workers are of the same form.
 */
export function partOfWorkers(
  tasks: readonly string[],
  batch: WorkerBatch,
  absent: 'without masks' | 'with masks',
): Part {
  const { tensors, counts } = batch;
  const totalOf = (what: string) => counts.reduce((sum, own) => sum + own[what], 0);
  const shareOf = (what: string) =>
    batch.perWorker(counts.map((own) => own[what] / Math.max(totalOf(what), 1)));
  const isLabelled = (name: string) => totalOf(name) > 0;
  const given = absent === 'with masks' ? tasks : tasks.filter(isLabelled);
  const others = tasks.filter((name) => !given.includes(name));
  return {
    tensors: {
      ...rename(tensors, 'mask', 'no-mask', others),
      'worker-share': shareOf('examples'),
      ...Object.fromEntries(given.map((name) => [`${name}/worker-share`, shareOf(name)])),
    },
    shares: tasks.map((name) => (isLabelled(name) ? 1 : undefined)),
    stream: [],
  };
}

/** Draws as a request: index, epoch, how many tasks they are for (-1 for all of them) and which. */
export function requestFor(draws: readonly Draw[], names: readonly string[]): number[] {
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

/** What the examples of workers belong to: the network, and how many there are. */
export function fingerprintOf<H extends Heads, I extends InputKind>(
  model: MultiTaskModel<H, I>,
  { length }: DataOf<H, I>,
): string {
  const { architecture } = model;
  return JSON.stringify({ architecture, parameters: model.countParams(), examples: length });
}
