import type { Heads } from '@espalier/core';
import { gradientCosines } from '../conflicts.js';
import type { MetricValues } from '../delta.js';
import type { StepRecord } from '../step-records.js';
import { Series } from './series.js';

/** How much of a mean of cosines is the newest. */
const NEWEST = 0.05;
/** Over how many milliseconds steps are counted. */
const RATE_WINDOW = 1000;

/** What the page shows of one training, as it goes into JSON. */
export class RunHistory {
  tasks: readonly string[] = [];
  readonly losses: Record<string, Series> = {};
  readonly weights: Record<string, Series> = {};
  readonly metrics: Record<string, Record<string, Series>> = {};
  readonly rate = new Series();
  /** The mean over the last steps. */
  cosines: (number | null)[][] | null = null;
  examples = '';
  progress: Pick<StepRecord, 'step' | 'steps' | 'epoch' | 'epochs'> | null = null;
  ended = false;
  #counted: { step: number; time: number } | undefined;

  constructor(readonly name: string) {}

  step<H extends Heads>({ step, steps, epoch, epochs, losses, weights, gramian }: StepRecord<H>): void {
    this.progress = { step, steps, epoch, epochs };
    addAll(this.losses, step, losses);
    addAll(this.weights, step, weights);
    if (gramian !== undefined) this.#addCosines(gramian);
    const time = performance.now();
    this.#counted ??= { step: step - 1, time };
    if (time - this.#counted.time < RATE_WINDOW) return;
    this.rate.add(step, ((step - this.#counted.step) * 1000) / (time - this.#counted.time));
    this.#counted = { step, time };
  }

  addMetrics(step: number, values: MetricValues): void {
    for (const [task, own] of Object.entries(values)) {
      this.metrics[task] ??= {};
      addAll(this.metrics[task], step, own);
    }
  }

  #addCosines(gramian: NonNullable<StepRecord['gramian']>): void {
    const before = this.cosines;
    this.cosines = gradientCosines(gramian).map((row, first) =>
      row.map((cosine, second) => {
        const mean = before?.[first][second] ?? null;
        if (cosine === null || mean === null) return cosine ?? mean;
        return mean + NEWEST * (cosine - mean);
      }),
    );
  }
}

function addAll(
  series: Record<string, Series>,
  step: number,
  values: Readonly<Record<string, number | undefined>>,
): void {
  for (const [name, value] of Object.entries(values)) {
    if (value === undefined) continue;
    series[name] ??= new Series();
    series[name].add(step, value);
  }
}
