import { disposeBatch, type Heads, type MultiTaskModel, seededRandom } from '@espalier/core';
import { type Combination, initCombination } from './combination.js';
import { checkNotEmpty, type DataOf } from './data.js';
import { TrainerError } from './errors.js';
import type { Optimizer } from './optimizers/optimizer.js';
import type { Sampler } from './samplers/sampler.js';
import { shuffled } from './samplers/shuffled.js';
import type { Schedule } from './schedule.js';
import { trainStep } from './train-step.js';
import type { StepLosses } from './update.js';

/** One step of training. */
export interface StepRecord<H extends Heads = Heads> {
  /** Counted from 1. */
  readonly step: number;
  /** Of all the steps of this training. */
  readonly steps: number;
  /** The epoch that the step belongs to, counted from 1. */
  readonly epoch: number;
  readonly epochs: number;
  readonly losses: StepLosses<H>;
}

export interface FitOptions<H extends Heads> extends Combination {
  readonly data: DataOf<H>;
  /** How often every example is seen. */
  readonly epochs: number;
  readonly batchSize: number;
  /** Which examples come into which batch; unless it is given, every epoch sees every example once. */
  readonly sampler?: Sampler<H>;
  readonly optimizer: Optimizer;
  readonly schedule: Schedule;
  /** The seed of the order of examples and of layers that draw at random. */
  readonly seed: number;
  /** Called after every step. */
  readonly onStep?: (record: StepRecord<H>) => void;
  /** Called after every epoch, and awaited: the place to save a checkpoint. */
  readonly onEpoch?: (record: StepRecord<H>) => void | Promise<void>;
}

/**
 * Trains a model.
 *
 * The optimizer stays the caller's. Memory is the same before and after every step.
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
    onStep,
    onEpoch,
  }: FitOptions<H>,
): Promise<readonly StepRecord<H>[]> {
  checkNotEmpty(data, 'train on');
  checkCount('epochs', epochs);
  checkCount('batchSize', batchSize);

  const random = seededRandom(seed);
  const stepsPerEpoch = Math.ceil(data.length / batchSize);
  const steps = epochs * stepsPerEpoch;
  const sampling = sampler.start(data, {
    tasks: model.tasks.map(({ name }) => name),
    batchSize,
    stepsPerEpoch,
    epochs,
    seed,
  });
  let state = initCombination({ weighting, aggregator }, model.tasks.length);
  optimizer.init(model.variables);
  const records: StepRecord<H>[] = [];

  for (let step = 1; step <= steps; step++) {
    const batch = model.batch(sampling.next().map((draw) => data.at(draw.index, draw.epoch)));
    const epoch = Math.ceil(step / stepsPerEpoch);
    const learningRate = schedule(step - 1, steps);
    try {
      const done = trainStep(model, batch, {
        optimizer,
        learningRate,
        weighting,
        aggregator,
        state,
        random,
        step,
        epoch,
      });
      state = done.state;
      sampling.observe(done.losses);
      records.push({ step, steps, epoch, epochs, losses: done.losses });
    } finally {
      disposeBatch(batch);
    }
    const record = records[records.length - 1];
    onStep?.(record);
    if (step % stepsPerEpoch === 0) await onEpoch?.(record);
    // Lets timers and signals through: a step is synchronous.
    await new Promise((resolve) => setTimeout(resolve));
  }
  return records;
}

function checkCount(option: string, count: number): void {
  if (Number.isInteger(count) && count >= 1) return;
  throw new TrainerError(`${option} is ${count}; expected a whole number from 1.`);
}
