import type { Heads } from '@espalier/core';
import type { MetricValues } from './delta.js';
import { TrainerError } from './errors.js';
import type { StepRecord } from './step-records.js';

/** Is told how a training goes. */
export interface Watcher<H extends Heads = Heads> {
  /** Before the first step; the tasks in the model's order. */
  begin?(tasks: readonly string[]): void;
  step(record: StepRecord<H>): void;
  /** What was measured on held-out examples after a step. */
  metrics?(step: number, values: MetricValues): void;
  /** What the network says about some examples, as HTML; whoever makes it escapes what is not theirs. */
  examples?(html: string): void;
  /** The training has ended, in errors too. */
  end(): void;
}

/** @throws TrainerError when a watcher was not told the tasks. */
export function checkBegun(tasks: readonly string[]): void {
  if (tasks.length > 0) return;
  throw new TrainerError('A watcher has to be told the tasks first: call its `begin` before the first step.');
}

/** One watcher that tells several. */
export function watchAll<H extends Heads>(...watchers: readonly Watcher<H>[]): Watcher<H> {
  return {
    begin: (tasks) => {
      for (const watcher of watchers) watcher.begin?.(tasks);
    },
    step: (record) => {
      for (const watcher of watchers) watcher.step(record);
    },
    // What nobody wants to be told is not measured.
    ...(watchers.some(({ metrics }) => metrics) && {
      metrics(step: number, values: MetricValues) {
        for (const watcher of watchers) watcher.metrics?.(step, values);
      },
    }),
    ...(watchers.some(({ examples }) => examples) && {
      examples(html: string) {
        for (const watcher of watchers) watcher.examples?.(html);
      },
    }),
    end: () => {
      for (const watcher of watchers) watcher.end();
    },
  };
}
