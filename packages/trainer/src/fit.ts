import { disposeBatch, type Heads, type MultiTaskModel } from '@espalier/core';
import { checkNotEmpty, type DataOf } from './data.js';
import { TrainerError } from './errors.js';
import type { Sampler } from './samplers/sampler.js';
import { shuffled } from './samplers/shuffled.js';
import type { Schedule } from './schedule.js';
import { type StepResult, Training, type TrainingOptions } from './training.js';

/** One step of training. */
export interface StepRecord<H extends Heads = Heads> extends StepResult<H> {
  /** Counted from 1. */
  readonly step: number;
  /** Of all the steps of this training. */
  readonly steps: number;
  /** The epoch that the step belongs to, counted from 1. */
  readonly epoch: number;
  readonly epochs: number;
}

export interface FitOptions<H extends Heads> extends TrainingOptions {
  readonly data: DataOf<H>;
  /** How often every example is seen. */
  readonly epochs: number;
  readonly batchSize: number;
  /** Which examples come into which batch; unless it is given, every epoch sees every example once. */
  readonly sampler?: Sampler<H>;
  readonly schedule: Schedule;
  /** The seed of the order of examples, of layers that draw at random and of methods that do. */
  readonly seed: number;
  /** Called after every step. On native TensorFlow the model itself is up to date in `onEpoch` only. */
  readonly onStep?: (record: StepRecord<H>) => void;
  /** Called after every epoch, and awaited: the place to save a checkpoint. `stop` ends the training here. */
  readonly onEpoch?: (record: StepRecord<H>, stop: () => void) => void | Promise<void>;
}

/**
 * Trains a model.
 *
 * Memory is the same before and after every step.
 *
 * @returns the record of every step.
 * @throws NonFiniteLossError when a loss is NaN or infinite, before the update of that step.
 * @throws TrainerError when the options contradict each other or the data set is empty, before the first step.
 */
export async function fit<H extends Heads>(
  model: MultiTaskModel<H>,
  {
    data,
    epochs,
    batchSize,
    sampler = shuffled(),
    optimizer,
    schedule,
    weighting,
    aggregator,
    seed,
    traced,
    onStep,
    onEpoch,
  }: FitOptions<H>,
): Promise<readonly StepRecord<H>[]> {
  checkNotEmpty(data, 'train on');
  checkCount('epochs', epochs);
  checkCount('batchSize', batchSize);

  const stepsPerEpoch = Math.ceil(data.length / batchSize);
  const steps = epochs * stepsPerEpoch;
  const sampling = sampler.start(data, {
    tasks: model.tasks.map(({ name }) => name),
    batchSize,
    stepsPerEpoch,
    epochs,
    seed,
  });
  const training = new Training(model, { optimizer, weighting, aggregator, seed, traced });
  const records: StepRecord<H>[] = [];
  let stopped = false;
  const stop = () => {
    stopped = true;
  };
  try {
    for (let step = 1; step <= steps; step++) {
      const epoch = Math.ceil(step / stepsPerEpoch);
      const batch = model.batch(sampling.next().map((draw) => data.at(draw.index, draw.epoch)));
      try {
        const result = training.step(batch, { learningRate: schedule(step - 1, steps), step, epoch });
        sampling.observe(result.losses);
        records.push({ step, steps, epoch, epochs, ...result });
      } finally {
        disposeBatch(batch);
      }
      const record = records[records.length - 1];
      onStep?.(record);
      if (step % stepsPerEpoch === 0 && onEpoch !== undefined) {
        training.sync();
        await onEpoch(record, stop);
      }
      if (stopped) break;
      await letOthersRun();
    }
  } finally {
    training.dispose();
  }
  return records;
}

/** Lets timers and signals through: a step is synchronous. */
function letOthersRun(): Promise<void> {
  return new Promise((resolve) => {
    if (typeof setImmediate === 'function') setImmediate(resolve);
    else setTimeout(resolve);
  });
}

function checkCount(option: string, count: number): void {
  if (Number.isInteger(count) && count >= 1) return;
  throw new TrainerError(`${option} is ${count}; expected a whole number from 1.`);
}
