import type { ExampleOf, Heads, InputKind, Labels, TaskName } from '@espalier/core';
import { TrainerError } from './errors.js';

/** Examples that can be asked for one by one; data sets of `@espalier/datasets` have this shape. */
export interface Data<Item> {
  readonly length: number;
  /**
   * The example at a place from 0 to `length` − 1.
   *
   * @param epoch in training, how often all examples were seen before: examples that are drawn or augmented may differ
   * from one to the next.
   */
  at(index: number, epoch?: number): Item;
  /**
   * Which example it is, in all data sets: the same picture has the same id in each. Where ids are known, examples to
   * validate or test on are refused if they are among those to train on.
   */
  id?(index: number): string | undefined;
}

/** Examples with labels for these heads. */
export interface LabelledData<H extends Heads, Item extends Labelled<H> = Labelled<H>> extends Data<Item> {
  /** Only the labels, where these are cheaper than the example: samplers that choose by labels look at all of them. */
  labels?(index: number): Labels<H>;
}

interface Labelled<H extends Heads> {
  /** One for all tasks, or an object of one a task. */
  readonly input: unknown;
  readonly labels: Labels<H>;
}

/** The examples that a model with these heads learns from. */
export type DataOf<H extends Heads, I extends InputKind = 'common'> = LabelledData<H, ExampleOf<H, I>>;

/** One data set a task; its examples carry that task's label only. */
export type DataByTask<H extends Heads> = { readonly [T in TaskName<H>]: DataOf<Pick<H, T>> };

/**
 * One data set a task becomes one for all: the examples of one task after those of the other, each without the labels
 * that it does not have.
 *
 * @throws TrainerError naming a task whose data set is empty.
 */
export function joinData<H extends Heads>(byTask: DataByTask<H>): DataOf<H> {
  const tasks = Object.keys(byTask) as TaskName<H>[];
  const starts: number[] = [];
  let length = 0;
  for (const task of tasks) {
    checkNotEmpty(byTask[task], `learn task "${task}" from`);
    starts.push(length);
    length += byTask[task].length;
  }
  const find = (place: number) => {
    const own = starts.findLastIndex((start) => start <= place);
    return { task: tasks[own], data: byTask[tasks[own]], index: place - starts[own] };
  };
  const labelled = (task: TaskName<H>, labels: Labels<Pick<H, typeof task>>) =>
    Object.fromEntries(tasks.map((other) => [other, other === task ? labels[task] : undefined])) as Labels<H>;
  return {
    length,
    at(place, epoch) {
      const { task, data, index } = find(place);
      const { input, labels } = data.at(index, epoch);
      return { input, labels: labelled(task, labels) };
    },
    labels(place) {
      const { task, data, index } = find(place);
      return labelled(task, labelsOf(data, index));
    },
    id(place) {
      const { data, index } = find(place);
      return data.id?.(index);
    },
  };
}

/** The same examples, seen through a function. */
export function mapData<From, To>(data: Data<From>, transform: (item: From) => To): Data<To> {
  return {
    length: data.length,
    at: (index, epoch) => transform(data.at(index, epoch)),
    id: (index) => data.id?.(index),
  };
}

/** The same examples with the labels of one task only. */
export function onlyTask<H extends Heads, T extends TaskName<H>>(
  data: DataOf<H>,
  task: T,
): DataOf<Pick<H, T>> {
  return mapData(data, ({ input, labels }) => ({
    input,
    labels: { [task]: labels[task] } as unknown as ExampleOf<Pick<H, T>>['labels'],
  }));
}

export function labelsOf<H extends Heads>(data: LabelledData<H>, index: number): Labels<H> {
  return data.labels?.(index) ?? data.at(index).labels;
}

/** @throws TrainerError when there are no examples. */
export function checkNotEmpty(data: Data<unknown>, use: string): void {
  if (data.length > 0) return;
  throw new TrainerError(`The data set to ${use} is empty; give at least one example.`);
}

/**
 * Looks at the ids of examples, where they have some.
 *
 * @param use what the held-out examples are for, such as `validate`.
 * @throws TrainerError when some of them are among those to train on.
 */
export function checkHeldOut(train: Data<unknown>, heldOut: Data<unknown>, use: string): void {
  const known = new Set(idsOf(train));
  const both = idsOf(heldOut).filter((id) => known.has(id));
  if (both.length === 0) return;
  const shown = both.slice(0, 3).map((id) => `"${id}"`);
  throw new TrainerError(
    `${both.length} of the ${heldOut.length} examples to ${use} on are among those to train on, ` +
      `such as ${shown.join(', ')}. Take them out of one of the two.`,
  );
}

function idsOf(data: Data<unknown>): string[] {
  return Array.from({ length: data.id ? data.length : 0 }, (_, index) => data.id?.(index)).filter(
    (id) => id !== undefined,
  );
}
