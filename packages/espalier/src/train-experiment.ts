import { join } from 'node:path';
import type { Heads } from '@espalier/core';
import { type Evaluation, earlyStopping, evaluate, fit, judgedTasks, type Watcher } from '@espalier/trainer';
import { load, runFolder, save } from '@espalier/trainer/node';
import type { Experiment } from './experiment.js';

export interface TrainingRun {
  readonly epochs: number;
  readonly seed: number;
  /** Where checkpoints, losses and weights are kept. */
  readonly folder: string;
  /** Whether the run in that folder goes on. */
  readonly resume: boolean;
  /** After how many steps to save; every epoch where it is undefined. */
  readonly everySteps?: number | undefined;
  readonly watcher: Watcher;
  readonly signal: AbortSignal;
}

/** What came of a training. */
export interface TrainingFigures {
  readonly parameters: number;
  readonly steps: number;
  /** Of this start, if it was resumed. */
  readonly seconds: number;
  readonly validation: Evaluation<Heads>;
  readonly test: Evaluation<Heads>;
}

/**
 * Trains one network for all tasks of an experiment, leaves its weights as `model.safetensors` in the run's folder, and
 * measures it.
 *
 * @throws what `fit` and `evaluate` throw.
 */
export async function trainExperiment<H extends Heads>(
  experiment: Experiment<H>,
  { epochs, seed, folder, resume, everySteps, watcher, signal }: TrainingRun,
): Promise<TrainingFigures> {
  const { heads, sharing, batchSize, sampler } = experiment;
  const data = await experiment.data({ epochs, seed });
  const model = experiment.compose(heads, { sharing, seed });
  try {
    watcher.begin?.(model.tasks.map(({ name }) => name));
    const started = performance.now();
    const steps = await fit(model, {
      data: data.train,
      epochs,
      batchSize,
      ...(sampler && { sampler: sampler<H>() }),
      optimizer: experiment.optimizer,
      schedule: experiment.schedule,
      weighting: experiment.weighting,
      aggregator: experiment.aggregator,
      seed,
      validation: {
        data: data.validation,
        // Whose patience is all epochs stops nothing; the best weights are kept all the same.
        judge: earlyStopping(judgedTasks(model), experiment.earlyStopping ?? { by: 'all', patience: epochs }),
      },
      run: runFolder(folder, { resume, everySteps, notice: console.error }),
      signal,
      onStep: (record) => watcher.step(record),
      onEpoch: ({ step, evaluation }) => watcher.metrics?.(step, evaluation!),
    });
    const seconds = (performance.now() - started) / 1000;
    if (experiment.earlyStopping) await load(model, join(folder, 'best.safetensors'));
    await save(model, join(folder, 'model.safetensors'));
    return {
      parameters: model.countParams(),
      steps: steps.length,
      seconds,
      validation: await evaluate(model, data.validation, { batchSize }),
      test: await evaluate(model, data.test, { batchSize }),
    };
  } finally {
    watcher.end();
    model.dispose();
  }
}
