import { existsSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type Heads, type ModelWeights, type MultiTaskModel, WeightsError } from '@espalier/core';
import { FileError, readWeights } from '@espalier/trainer/node';
import { Argument, Option } from 'commander';
import { findBegunRun } from './begun-run.js';
import { CommandError } from './errors.js';
import type { Experiment } from './experiment.js';
import { loadExperiment } from './load-experiment.js';
import type { EngineChoice } from './options.js';
import { useEngine } from './use-engine.js';

/** A trained network, and the experiment that it came from. */
export interface Trained {
  readonly experiment: Experiment<Heads>;
  readonly model: MultiTaskModel<Heads>;
}

export interface TrainedOptions {
  /** The experiment's module, where the run does not say it. */
  readonly experiment?: string;
  readonly engine?: EngineChoice;
}

export const trainedArgument = () =>
  new Argument('<model>', 'the folder of a run, or a file of weights such as model.safetensors');

export const experimentOption = () =>
  new Option(
    '--experiment <file>',
    'the module that holds the experiment (the one of the run; espalier.config.ts, .mts, .js or .mjs)',
  );

const WHAT_TO_NAME = 'Name the folder of a run, or a file of weights.';

/**
 * Composes an experiment's network, and reads its weights.
 *
 * @param given a run's folder, or a file of weights.
 * @throws CommandError when there are no weights, or they are damaged; ExperimentError when there is no experiment;
 *   FileError when the weights are another network's.
 */
export async function loadTrained(given: string, options: TrainedOptions): Promise<Trained> {
  const file = fileOf(given);
  // First, since who names a picture by mistake is not to hear of a missing experiment.
  const weights = await readWhole(file);
  const run = findBegunRun(dirname(file));
  const { experiment } = await loadExperiment(options.experiment ?? run?.file);
  await useEngine(options.engine);
  const model = experiment.compose(experiment.heads, { sharing: experiment.sharing, seed: run?.seed ?? 1 });
  try {
    model.importWeights(weights);
  } catch (cause) {
    model.dispose();
    throw cause instanceof WeightsError ? new FileError(file, cause.message, { cause }) : cause;
  }
  return { experiment, model };
}

async function readWhole(file: string): Promise<ModelWeights> {
  try {
    return await readWeights(file);
  } catch (cause) {
    if (!(cause instanceof FileError)) throw cause;
    throw new CommandError(`${cause.message.replace(/\.$/, '')}. ${WHAT_TO_NAME}`, { cause });
  }
}

function fileOf(given: string): string {
  if (!existsSync(given)) {
    throw new CommandError(`There is no ${given}. ${WHAT_TO_NAME}`);
  }
  if (!statSync(given).isDirectory()) return given;
  const weights = join(given, 'model.safetensors');
  if (existsSync(weights)) return weights;
  const best = join(given, 'best.safetensors');
  const instead = existsSync(best) ? `, or name ${best}` : '';
  throw new CommandError(
    findBegunRun(given) === undefined
      ? `${given} is no run: it has no model.safetensors. Name the folder that espalier train wrote, or a file of weights.`
      : `The run in ${given} is not finished: it has no model.safetensors. ` +
          `Finish it with: espalier train --resume ${given}${instead}`,
  );
}
