import type { ExampleOf, Heads, TaskName } from '@espalier/core';
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
}

/** The examples that a model with these heads learns from. */
export type DataOf<H extends Heads> = Data<ExampleOf<H>>;

/** The same examples, seen through a function. */
export function mapData<From, To>(data: Data<From>, transform: (item: From) => To): Data<To> {
  return { length: data.length, at: (index, epoch) => transform(data.at(index, epoch)) };
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

/** @throws TrainerError when there are no examples. */
export function checkNotEmpty(data: Data<unknown>, use: string): void {
  if (data.length > 0) return;
  throw new TrainerError(`The data set to ${use} is empty; give at least one example.`);
}
