import type { Heads, TaskName } from '@espalier/core';
import type { StepResult } from './training.js';
import type { StepLosses } from './update.js';

/** One step of training. */
export interface StepRecord<H extends Heads = Heads> extends StepResult<H> {
  /** Counted from 1. */
  readonly step: number;
  /** Of all the steps of this training. */
  readonly steps: number;
  /** The epoch that the step belongs to, counted from 1. */
  readonly epoch: number;
  readonly epochs: number;
  /**
   * How long the step itself took: forward, gradients and update, not the batches that it was given. Not known of steps
   * before a checkpoint that was gone on from.
   */
  readonly seconds?: number;
  /**
   * How long its batches took to make. Where that happens while the step before is computed, it is part of that one's
   * `seconds`.
   */
  readonly batchSeconds?: number;
}

/** What is known of a step by its number. */
type Place = Pick<StepRecord, 'step' | 'steps' | 'epoch' | 'epochs'>;

/** In a row, before the losses and weights of the tasks: the step, its seconds, its batches', where its Gramian begins. */
const COLUMNS = 4;

/**
 * The records of a training while it goes on, in lists of plain numbers, NaN for what is not known: as objects they would
 * take ten times the memory, and a night has millions of steps.
 */
export class StepRecords<H extends Heads> {
  readonly #tasks: readonly TaskName<H>[];
  readonly #placeOf: (step: number) => Place;
  readonly #width: number;
  readonly #rows: number[] = [];
  readonly #gramians: number[] = [];

  constructor(tasks: readonly TaskName<H>[], placeOf: (step: number) => Place) {
    this.#tasks = tasks;
    this.#placeOf = placeOf;
    this.#width = COLUMNS + 2 * tasks.length;
  }

  push({ step, seconds, batchSeconds, losses, weights, gramian }: StepRecord<H>): void {
    const start = gramian ? this.#gramians.length : Number.NaN;
    this.#rows.push(step, seconds ?? Number.NaN, batchSeconds ?? Number.NaN, start);
    for (const task of this.#tasks) this.#rows.push(losses[task] ?? Number.NaN, weights[task] ?? Number.NaN);
    for (const row of gramian ?? []) {
      for (const other of this.#tasks.keys()) this.#gramians.push(row?.[other] ?? Number.NaN);
    }
  }

  /** The mean loss of each task over the last steps; without the tasks that had no label in them. */
  meanLosses(steps: number): Record<string, number> {
    const first = Math.max(this.#length - steps, 0);
    const means = this.#tasks.map((task, place) => {
      let [sum, count] = [0, 0];
      for (let index = first; index < this.#length; index++) {
        const loss = this.#value(index, COLUMNS + 2 * place);
        if (loss === undefined) continue;
        sum += loss;
        count += 1;
      }
      return [task, sum / count] as const;
    });
    return Object.fromEntries(means.filter(([, mean]) => !Number.isNaN(mean)));
  }

  all(): StepRecord<H>[] {
    return Array.from({ length: this.#length }, (_, index) => {
      const seconds = this.#value(index, 1);
      const batchSeconds = this.#value(index, 2);
      const gramian = this.#gramian(this.#value(index, 3));
      return {
        ...this.#placeOf(this.#rows[index * this.#width]),
        losses: this.#byTask(index, 0),
        weights: this.#byTask(index, 1),
        ...(gramian !== undefined && { gramian }),
        ...(seconds !== undefined && { seconds }),
        ...(batchSeconds !== undefined && { batchSeconds }),
      };
    });
  }

  get #length(): number {
    return this.#rows.length / this.#width;
  }

  #value(index: number, column: number): number | undefined {
    const value = this.#rows[index * this.#width + column];
    return Number.isNaN(value) ? undefined : value;
  }

  #byTask(index: number, offset: number): StepLosses<H> {
    const values: { [T in TaskName<H>]?: number } = {};
    for (const [place, task] of this.#tasks.entries()) {
      const value = this.#value(index, COLUMNS + 2 * place + offset);
      if (value !== undefined) values[task] = value;
    }
    return values;
  }

  /** A task without a label has no row. */
  #gramian(start: number | undefined): StepRecord<H>['gramian'] {
    if (start === undefined) return undefined;
    const count = this.#tasks.length;
    return this.#tasks.map((_, task) => {
      const row = this.#gramians.slice(start + task * count, start + (task + 1) * count);
      return Number.isNaN(row[task]) ? undefined : row;
    });
  }
}
