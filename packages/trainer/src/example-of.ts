import type { ExampleOf, Heads, InputKind } from '@espalier/core';
import type { DataOf } from './data.js';
import type { Draw } from './samplers/shuffled-pool.js';

/** An example as it was drawn; of one that was drawn for some tasks, their labels only. */
export function exampleOf<H extends Heads, I extends InputKind>(
  data: DataOf<H, I>,
  { index, epoch, tasks }: Draw,
): ExampleOf<H, I> {
  const example = data.at(index, epoch);
  if (tasks === undefined) return example;
  const labels = Object.entries(example.labels).map(([task, label]) => [
    task,
    tasks.includes(task) ? label : undefined,
  ]);
  return { ...example, labels: Object.fromEntries(labels) };
}
