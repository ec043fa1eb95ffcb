import { disposeBatch, type Heads, type InputKind, type MultiTaskModel } from '@espalier/core';
import type { RunStore } from './checkpoints/checkpoint.js';
import { checkClusterOptions, computesAhead } from './cluster-options.js';
import { clusterSteps } from './cluster-steps.js';
import { checkHeldOut, checkNotEmpty, type DataOf } from './data.js';
import { judgedTasks } from './delta.js';
import { InterruptedError, TrainerError } from './errors.js';
import { type Evaluation, evaluate } from './evaluate.js';
import { type PlateauSchedule, startSchedule } from './plateau.js';
import type { Sampler } from './samplers/sampler.js';
import { shuffled } from './samplers/shuffled.js';
import type { Schedule } from './schedule.js';
import { StepBatches } from './step-batches.js';
import { type StepRecord, StepRecords } from './step-records.js';
import { weightsOverEpochs } from './trained-weights.js';
import { type StepOptions, Training, type TrainingOptions } from './training.js';
import type { StepLosses } from './update.js';

/**
 * How long steps may go on before others run, in milliseconds: more is what browsers call a long task. A pause after
 * every step would take as long as a hundredth of a short one.
 */
const PATIENCE = 50;

export interface FitOptions<H extends Heads, I extends InputKind = 'common'> extends TrainingOptions {
  readonly data: DataOf<H, I>;
  /** How often every example is seen. */
  readonly epochs: number;
  readonly batchSize: number;
  /**
   * From how many batches each step's gradients are gathered (1): so a step learns from `batchSize * accumulate` examples
   * in the memory of `batchSize`. See `Training.step`. Checkpoints are between steps, so what is gathered is in none.
   */
  readonly accumulate?: number;
  /** Which examples come into which batch; unless it is given, every epoch sees every example once. */
  readonly sampler?: Sampler<H>;
  readonly schedule: Schedule | PlateauSchedule<H>;
  /**
   * Decides by `trainable` which layers learn, from the number of epochs done alone: `gradualUnfreezing(model)` of
   * `@espalier/sharing`. Called before the first step, where it goes on from a checkpoint too, and after every epoch.
   */
  readonly unfreeze?: (epochsDone: number) => unknown;
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
 * On native TensorFlow a batch that takes long is made while the step before it is computed; but for that one, memory is
 * the same before and after every step.
 *
 * @returns the record of every step; of steps before a checkpoint that was gone on from, only the losses.
 * @throws NonFiniteLossError when a loss is NaN or infinite, before the update of that step.
 * @throws InterruptedError when the signal says so, after the checkpoint is written.
 * @throws ClusterError when the cluster cannot go on; what `run` has saved can be gone on from.
 * @throws FileError when a checkpoint cannot be read or written.
 * @throws TrainerError when the options contradict each other or a checkpoint, or the data set is empty, before the
 *   first step.
 */
export async function fit<H extends Heads, I extends InputKind = 'common'>(
  model: MultiTaskModel<H, I>,
  options: FitOptions<H, I>,
): Promise<readonly StepRecord<H>[]> {
  const { data, epochs, batchSize, accumulate = 1, sampler = shuffled(), seed, onStep, onEpoch } = options;
  const { unfreeze, validation, run, signal } = options;
  checkNotEmpty(data, 'train on');
  if (validation !== undefined) {
    checkNotEmpty(validation.data, 'validate on');
    checkHeldOut(data, validation.data, 'validate');
    judgedTasks(model);
  }
  checkCount('epochs', epochs);
  checkCount('batchSize', batchSize);
  checkCount('accumulate', accumulate);
  checkClusterOptions(options);

  const stepsPerEpoch = Math.ceil(data.length / (batchSize * accumulate));
  const steps = epochs * stepsPerEpoch;
  const placeOf = (step: number) => ({ step, steps, epoch: Math.ceil(step / stepsPerEpoch), epochs });
  const tasks = model.tasks.map(({ name }) => name);
  const batchesPerEpoch = stepsPerEpoch * accumulate;
  const sampling = sampler.start(data, { tasks, batchSize, stepsPerEpoch: batchesPerEpoch, epochs, seed });
  const schedule = startSchedule(options.schedule, model, validation !== undefined);
  const weights = unfreeze && weightsOverEpochs(model, unfreeze, epochs);
  unfreeze?.(0);
  const onCluster = options.cluster && clusterSteps(model, options.cluster, options);
  const training = new Training(model, options, weights);
  const stepBatches = new StepBatches(model, data, sampling, accumulate, training.traced);
  const records = new StepRecords<H>(tasks, placeOf);
  let done = 0;
  /** Workers that do not wait for each other are ahead of what is done. */
  let handedOut = 0;
  let stopped = false;
  /** The checkpoint that is being written, or could not be. */
  let saving: Promise<void> | undefined;
  let yielded = performance.now();

  const save = async (store: RunStore) => {
    await store.save({
      ...training.snapshot(),
      step: done,
      seed,
      sampling: stepBatches.state(),
      stopped,
      schedule: schedule.state(),
      ...(validation !== undefined && { judge: validation.judge.state() }),
    });
  };

  /** The checkpoint is written while steps go on. */
  const beginSaving = async (store: RunStore) => {
    await saving;
    saving = save(store).then(() => {
      saving = undefined;
    });
    // An error is thrown where it is awaited; until then it is no unhandled rejection.
    saving.catch(() => undefined);
  };

  const goOnFrom = ({ checkpoint, lines }: NonNullable<Awaited<ReturnType<RunStore['open']>>>) => {
    const { step } = checkpoint;
    const refuse = (what: string) => {
      throw new TrainerError(`The checkpoint ${what}. Go on with what it was made with, or start anew.`);
    };
    if (checkpoint.seed !== seed) refuse(`was made with seed ${checkpoint.seed}, but now it is ${seed}`);
    if (step > steps) refuse(`is of step ${step}, but the training now has ${steps} in ${epochs} epochs`);
    const gathered = checkpoint.sampling.batches / step;
    if (gathered !== accumulate) refuse(`was made with accumulate ${gathered}, but now it is ${accumulate}`);
    if ((checkpoint.schedule === undefined) !== (schedule.state() === undefined)) {
      const kind = (followed: boolean) => (followed ? 'reduceOnPlateau' : 'a schedule that follows nothing');
      const [there, here] = [checkpoint.schedule, schedule.state()].map((state) => kind(state !== undefined));
      refuse(`was made with ${there}, but now there is ${here}`);
    }
    sampling.load(checkpoint.sampling);
    if (unfreeze !== undefined) {
      unfreeze(Math.floor(step / stepsPerEpoch));
      training.refresh();
    }
    training.restore(checkpoint);
    schedule.load(checkpoint.schedule);
    if (checkpoint.judge !== undefined) validation?.judge.load(checkpoint.judge as never);
    ({ step: done, stopped } = checkpoint);
    handedOut = done;
    for (const { step, losses } of lines) {
      records.push({ ...placeOf(step), losses: losses as StepLosses<H>, weights: {} });
    }
  };

  const step = async (number: number): Promise<StepRecord<H>> => {
    const place = placeOf(number);
    const learningRate = schedule.rate(number - 1, steps, stepsPerEpoch);
    const at = { step: number, epoch: place.epoch, learningRate };
    if (onCluster === undefined) return { ...place, ...stepHere(at) };
    const started = performance.now();
    const result = await onCluster.step(training, nextBatch, at);
    return { ...place, ...result, seconds: secondsSince(started) };
  };

  /** The next batch for a cluster: none beyond the next place where nothing may be under way. */
  const nextBatch = () => {
    const savedEvery = run?.everySteps ?? stepsPerEpoch;
    const isBoundary = handedOut % stepsPerEpoch === 0 || handedOut % savedEvery === 0;
    const isUnknown = sampling.followsLosses && !computesAhead(options);
    if (handedOut > done && (isBoundary || isUnknown || signal?.aborted)) return undefined;
    handedOut++;
    return sampling.next();
  };

  /** While a graph is computed, the next step's batches are made; but `onEpoch` may change data. */
  const stepHere = (at: StepOptions) => {
    const { batches, seconds: batchSeconds } = stepBatches.next();
    const isWaitedFor = onEpoch !== undefined && at.step % stepsPerEpoch === 0;
    const isKnown = at.step < steps && !isWaitedFor && !sampling.followsLosses;
    const ahead = training.traced && isKnown && stepBatches.areSlow;
    const meanwhile = ahead ? () => stepBatches.prepare() : undefined;
    try {
      const started = performance.now();
      return {
        ...training.step(batches, { ...at, meanwhile }),
        seconds: secondsSince(started),
        batchSeconds,
      };
    } finally {
      batches.forEach(disposeBatch);
    }
  };

  const endEpoch = async (record: StepRecord<H>) => {
    const before = learning(model);
    let evaluation: Evaluation<H> | undefined;
    if (onEpoch !== undefined || validation !== undefined) {
      await training.lend(async () => {
        evaluation = validation && (await evaluate(model, validation.data, { batchSize }));
        if (evaluation !== undefined) {
          const { best, stop } = validation!.judge.observe(evaluation);
          if (best) await run?.saveBest(await model.exportWeights());
          stopped ||= stop;
        }
        await onEpoch?.({ ...record, ...(evaluation && { evaluation }) }, () => {
          stopped = true;
        });
      });
    }
    schedule.endEpoch(records.meanLosses(stepsPerEpoch), evaluation);
    if (learning(model) !== before) {
      throw new TrainerError(
        'onEpoch has changed which layers learn, and a resumed training would not know. Give what does so as `unfreeze`.',
      );
    }
    if (unfreeze === undefined) return;
    unfreeze(record.epoch);
    if (learning(model) !== before) training.refresh();
  };

  try {
    const found = await run?.open();
    if (found !== undefined) goOnFrom(found);
    while (done < steps && !stopped && !(signal?.aborted && handedOut <= done)) {
      const record = await step(done + 1);
      sampling.observe(record.losses);
      records.push(record);
      run?.record({ step: record.step, losses: record.losses as Readonly<Record<string, number>> });
      done = record.step;
      onStep?.(record);
      if (done % stepsPerEpoch === 0) await endEpoch(record);
      if (run !== undefined && done % (run.everySteps ?? stepsPerEpoch) === 0) await beginSaving(run);
      if (saving !== undefined || performance.now() - yielded >= PATIENCE) {
        await letOthersRun();
        yielded = performance.now();
      }
    }
    if (run !== undefined && done > (found?.checkpoint.step ?? 0)) {
      if (done % (run.everySteps ?? stepsPerEpoch) !== 0) await beginSaving(run);
      await saving;
    }
    if (signal?.aborted && done < steps && !stopped) throw new InterruptedError(done, run !== undefined);
  } finally {
    await saving?.catch(() => undefined);
    run?.close();
    onCluster?.dispose();
    stepBatches.dispose();
    training.dispose();
  }
  return records.all();
}

/** Tells which weights learn. */
function learning<H extends Heads, I extends InputKind>({ variables }: MultiTaskModel<H, I>): string {
  return variables.map(({ id }) => id).join();
}

function secondsSince(started: number): number {
  return (performance.now() - started) / 1000;
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
