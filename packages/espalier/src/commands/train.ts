import { resolve } from 'node:path';
import { InterruptedError } from '@espalier/trainer';
import { startWatching, stopOnInterrupt, type WatchingOptions } from '@espalier/trainer/node';
import type { Command } from 'commander';
import { type BegunRun, keepBegunRun, readBegunRun } from '../begun-run.js';
import { UsageError } from '../errors.js';
import { newRunFolder, writeJson } from '../files.js';
import { type LoadedExperiment, loadExperiment } from '../load-experiment.js';
import {
  type EngineChoice,
  engineOption,
  epochsOption,
  experimentArgument,
  seedOption,
  wholeNumber,
} from '../options.js';
import { type TrainingFigures, trainExperiment } from '../train-experiment.js';
import { useEngine } from '../use-engine.js';

interface TrainOptions extends WatchingOptions {
  readonly engine?: EngineChoice;
  readonly epochs?: number;
  readonly seed?: number;
  readonly out?: string;
  readonly resume?: string;
  readonly checkpoint?: number;
  readonly json?: string;
}

/** `espalier train`: one network for all tasks of an experiment. */
export function train(program: Command): void {
  program
    .command('train')
    .description('Trains one network for all tasks, and measures it.')
    .addArgument(experimentArgument())
    .addOption(engineOption())
    .addOption(epochsOption())
    .addOption(seedOption())
    .option('--out <folder>', 'where the run is written: checkpoints, metrics.jsonl, weights (runs/<date>)')
    .option('--resume <folder>', 'go on with the run in a folder, as if nothing had happened')
    .option('--checkpoint <steps>', 'after how many steps to save (every epoch)', wholeNumber(1))
    .option('--json <file>', 'write the figures to a file')
    .option('--dashboard', 'show the training on a live page on this machine')
    .option('--tensorboard <folder>', 'write event files for tensorboard --logdir')
    .addHelpText(
      'after',
      `
Ctrl-C finishes the step, saves, and says how to go on; a second one leaves at once. In the end, the folder has
model.safetensors: the last weights, or, where the experiment has earlyStopping, those that were best on validation.

Examples:
  espalier train                              the experiment in espalier.config.ts (.mts, .js, .mjs)
  espalier train mood.ts --epochs 5 --seed 2
  espalier train mood.ts --out runs/mood --dashboard
  espalier train --resume runs/mood`,
    )
    .action(run);
}

async function run(given: string | undefined, options: TrainOptions): Promise<void> {
  const begun = options.resume === undefined ? undefined : begunIn(options.resume, options);
  const { file, experiment } = await loadExperiment(given ?? begun?.file);
  if (begun !== undefined && begun.experiment !== experiment.name) {
    throw new UsageError(
      `${options.resume} holds a run of the experiment ${begun.experiment}, but ${file} is ${experiment.name}. ` +
        'Name the experiment that it was begun with.',
    );
  }
  const interruption = stopOnInterrupt();
  const folder = resolve(options.resume ?? options.out ?? newRunFolder());
  try {
    const engine = await useEngine(begun?.engine ?? options.engine);
    const { epochs, seed } = begun ?? {
      epochs: options.epochs ?? experiment.epochs,
      seed: options.seed ?? 1,
    };
    if (begun === undefined) {
      await keepBegunRun(folder, { file, experiment: experiment.name, engine, epochs, seed });
    }
    const watching = await startWatching(experiment.name, options);
    try {
      const figures = await trainExperiment(experiment, {
        epochs,
        seed,
        folder,
        resume: begun !== undefined,
        everySteps: options.checkpoint,
        watcher: watching.watch('multi-task'),
        signal: interruption.signal,
      });
      print(experiment, figures);
      console.error(`Weights: ${resolve(folder, 'model.safetensors')}`);
      if (options.json !== undefined) {
        await writeJson(options.json, { experiment: experiment.name, engine, epochs, seed, ...figures });
      }
    } finally {
      await watching.close();
    }
  } catch (error) {
    if (error instanceof InterruptedError) console.error(`Go on with: espalier train --resume ${folder}`);
    throw error;
  } finally {
    interruption.dispose();
  }
}

/** @throws UsageError when there is no run, or it was begun with other options. */
function begunIn(folder: string, options: TrainOptions): BegunRun {
  if (options.out !== undefined) {
    throw new UsageError(
      '--out and --resume contradict each other: a run goes on in its own folder. Leave --out out.',
    );
  }
  const begun = readBegunRun(folder);
  for (const option of ['engine', 'epochs', 'seed'] as const) {
    const value = options[option];
    if (value === undefined || value === begun[option]) continue;
    throw new UsageError(
      `--${option} is ${value}, but the run in ${folder} was begun with ${begun[option]}. Leave it out to go on.`,
    );
  }
  return begun;
}

function print({ heads }: LoadedExperiment['experiment'], figures: TrainingFigures): void {
  const round = (value: number) => Number(value.toFixed(4));
  const rows = Object.entries(heads).flatMap(([task, { metrics }]) =>
    metrics.map(({ name, better }) => [
      `${task}: ${name} ${better === 'higher' ? '↑' : '↓'}`,
      { validation: round(figures.validation[task][name]), test: round(figures.test[task][name]) },
    ]),
  );
  console.table(Object.fromEntries(rows));
}
