import { disposeBatch, type Heads, type InputKind, type MultiTaskModel } from '@espalier/core';
import type { RunStore } from './checkpoints/checkpoint.js';
import { checkHeldOut, checkNotEmpty, type DataOf } from './data.js';
import { InterruptedError, TrainerError } from './errors.js';
import { type Evaluation, evaluate } from './evaluate.js';
import type { Sampler } from './samplers/sampler.js';
import { shuffled } from './samplers/shuffled.js';
import type { Schedule } from './schedule.js';
import { type StepResult, Training, type TrainingOptions } from './training.js';
import type { StepLosses } from './update.js';

/** A small checkpoint is written before the next step; of a large one, the rest is written while steps go on. */
const STOP_FOR_SAVING_MS = 100;

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

export interface FitOptions<H extends Heads, I extends InputKind = 'common'> extends TrainingOptions {
  readonly data: DataOf<H, I>;
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
  /**
   * Called after every epoch, and awaited, with the model up to date; what is assigned to its weights counts. `stop`
   * ends the training here.
   */
  readonly onEpoch?: (record: EpochRecord<H>, stop: () => void) => void | Promise<void>;
  /** How the model is measured after every epoch: on examples that are neither trained nor tested on. */
  readonly validation?: Validation<H, I>;
  /** Where checkpoints are kept, and gone on from. */
  readonly run?: RunStore | undefined;
  /** Stops the training after the step that is under way, with a checkpoint and an `InterruptedError`. */
  readonly signal?: AbortSignal | undefined;
}

/** Which of the evaluations is the best, and when there have been enough: see `earlyStopping`. */
export interface Judge<H extends Heads> {
  observe(evaluation: Evaluation<H>): { readonly best: boolean; readonly stop: boolean };
  /** Plain data that survives JSON. */
  state(): unknown;
  load(state: never): void;
}

export interface Validation<H extends Heads, I extends InputKind = 'common'> {
  readonly data: DataOf<H, I>;
  /** The weights of its best evaluation are kept in the run folder. */
  readonly judge: Judge<H>;
}

/** The last step of an epoch. */
export interface EpochRecord<H extends Heads = Heads> extends StepRecord<H> {
  /** Of the model on the validation data. */
  readonly evaluation?: Evaluation<H>;
}

/**
 * Trains a model.
 *
 * Memory is the same before and after every step.
 *
 * @returns the record of every step; of steps before a checkpoint that was gone on from, only the losses.
 * @throws NonFiniteLossError when a loss is NaN or infinite, before the update of that step.
 * @throws InterruptedError when the signal says so, after the checkpoint is written.
 * @throws FileError when a checkpoint cannot be read or written.
 * @throws TrainerError when the options contradict each other or a checkpoint, or the data set is empty, before the
 *   first step.
 */
export async function fit<H extends Heads, I extends InputKind = 'common'>(
  model: MultiTaskModel<H, I>,
  options: FitOptions<H, I>,
): Promise<readonly StepRecord<H>[]> {
  const { data, epochs, batchSize, sampler = shuffled(), schedule, seed, onStep, onEpoch } = options;
  const { validation, run, signal } = options;
  checkNotEmpty(data, 'train on');
  if (validation !== undefined) checkHeldOut(data, validation.data, 'validate');
  checkCount('epochs', epochs);
  checkCount('batchSize', batchSize);

  const stepsPerEpoch = Math.ceil(data.length / batchSize);
  const steps = epochs * stepsPerEpoch;
  const epochOf = (step: number) => Math.ceil(step / stepsPerEpoch);
  const tasks = model.tasks.map(({ name }) => name);
  const sampling = sampler.start(data, { tasks, batchSize, stepsPerEpoch, epochs, seed });
  const training = new Training(model, options);
  const records: StepRecord<H>[] = [];
  let done = 0;
  let stopped = false;
  let saving: Promise<void> = Promise.resolve();

  const save = async (store: RunStore) => {
    await saving;
    saving = store.save({
      ...training.snapshot(),
      step: done,
      seed,
      sampling: sampling.state(),
      stopped,
      ...(validation !== undefined && { judge: validation.judge.state() }),
    });
    // An error is thrown where it is awaited; until then it is no unhandled rejection.
    saving.catch(() => undefined);
    await atMost(STOP_FOR_SAVING_MS, saving);
  };

  const endEpoch = async (record: StepRecord<H>) => {
    if (onEpoch === undefined && validation === undefined) return;
    await training.lend(async () => {
      const evaluation = validation && (await evaluate(model, validation.data, { batchSize }));
      if (evaluation !== undefined) {
        const { best, stop } = validation!.judge.observe(evaluation);
        if (best) await run?.saveBest(await model.exportWeights());
        stopped ||= stop;
      }
      await onEpoch?.({ ...record, ...(evaluation && { evaluation }) }, () => {
        stopped = true;
      });
    });
  };

  try {
    const found = await run?.open();
    if (found !== undefined) {
      const { checkpoint, lines } = found;
      if (checkpoint.seed !== seed) {
        throw new TrainerError(
          `The checkpoint was made with seed ${checkpoint.seed}, but now it is ${seed}.`,
        );
      }
      sampling.load(checkpoint.sampling);
      training.restore(checkpoint);
      if (checkpoint.judge !== undefined) validation?.judge.load(checkpoint.judge as never);
      ({ step: done, stopped } = checkpoint);
      for (const { step, losses } of lines) {
        records.push({
          step,
          steps,
          epoch: epochOf(step),
          epochs,
          losses: losses as StepLosses<H>,
          weights: {},
        });
      }
    }
    while (done < steps && !stopped && !signal?.aborted) {
      const step = done + 1;
      const epoch = epochOf(step);
      const batch = model.batch(sampling.next().map((draw) => data.at(draw.index, draw.epoch)));
      let record: StepRecord<H>;
      try {
        const result = training.step(batch, {
          learningRate: schedule(step - 1, steps, stepsPerEpoch),
          step,
          epoch,
        });
        record = { step, steps, epoch, epochs, ...result };
      } finally {
        disposeBatch(batch);
      }
      sampling.observe(record.losses);
      records.push(record);
      run?.record({ step, losses: record.losses as Readonly<Record<string, number>> });
      done = step;
      onStep?.(record);
      if (step % stepsPerEpoch === 0) await endEpoch(record);
      if (run !== undefined && step % (run.everySteps ?? stepsPerEpoch) === 0) await save(run);
      await letOthersRun();
    }
    if (run !== undefined && done > (found?.checkpoint.step ?? 0)) {
      if (done % (run.everySteps ?? stepsPerEpoch) !== 0) await save(run);
      await saving;
    }
    if (signal?.aborted && done < steps && !stopped) throw new InterruptedError(done, run !== undefined);
  } finally {
    await saving.catch(() => undefined);
    run?.close();
    training.dispose();
  }
  return records;
}

/** Waits until something is done, but not longer than so many milliseconds. */
async function atMost(milliseconds: number, done: Promise<void>): Promise<void> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const tooLong = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, milliseconds);
  });
  try {
    await Promise.race([done, tooLong]);
  } finally {
    clearTimeout(timer);
  }
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
