import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import * as engine from '@espalier/engine';
import { type Comparison, InterruptedError, type RunStore, type TrainedRun } from '@espalier/trainer';
import { runFolder, startWatching, stopOnInterrupt, type Watching } from '@espalier/trainer/node';
import writeFileAtomic from 'write-file-atomic';
import { newRunFolder } from './new-run-folder.js';
import { type Choices, type ExampleOptions, parseOptions, UsageError, usageOf } from './options.js';
import { keepOptions, readOptions } from './run-options.js';

/** What an example found out that compares a network with single tasks. */
export type Figures = Pick<Comparison<never>, 'tasks' | 'deltas' | 'ofEqualSize' | 'runs'>;

/** What an example found out that trains networks side by side. */
export type Runs = Pick<Figures, 'runs'>;

export interface ExampleApp extends Choices {
  readonly name: string;
  /** How often every training example is seen, unless `--epochs` says otherwise. */
  readonly epochs: { readonly default: number; readonly quick: number };
  /** Does the work; the engine is in use already. */
  run(options: ExampleRun): Promise<Figures | Runs>;
}

export interface ExampleRun extends ExampleOptions {
  readonly engine: engine.EngineName;
  /** Everything about the run is written here. */
  readonly folder: string;
  /** The checkpoints of a network: of the first one in the folder itself, of the others each in a folder of its name. */
  keep(run: string): RunStore;
  /** Ctrl-C. */
  readonly signal: AbortSignal;
  /** On the console, and as the options say on a live page and in TensorBoard's files. */
  readonly watch: Watching['watch'];
}

const STEPS_BETWEEN_CHECKPOINTS = 20;

/** Runs an example as a program: options, engine, work, table, JSON, exit code. */
export async function runExample(
  app: ExampleApp,
  args: readonly string[] = process.argv.slice(2),
): Promise<void> {
  const usage = usageOf(app);
  if (args.includes('--help')) {
    console.log(`pnpm example ${app.name} [options]\n\n${usage}`);
    return;
  }
  const interruption = stopOnInterrupt();
  let folder = '';
  let first: string | undefined;
  let watching: Watching | undefined;
  try {
    const options = parseOptions(args, app.epochs, (saved) => readOptions(saved, app.name), app);
    const started = performance.now();
    const report = await engine.use(options.engine);
    for (const { engine: name, reason, remedy } of report.passedOver) {
      console.error(`Engine ${name} passed over: ${reason}. ${remedy}`);
    }
    console.error(`Engine: ${report.engine}`);
    folder = resolve(options.folder ?? newRunFolder());
    if (!options.resume) await keepOptions(folder, app.name, { ...options, engine: report.engine });
    watching = await startWatching(app.name, options);
    const figures = await app.run({
      ...options,
      engine: report.engine,
      folder,
      keep(run) {
        first ??= run;
        const own = run === first ? folder : join(folder, run);
        const resume = options.resume && existsSync(own);
        return runFolder(own, { resume, everySteps: STEPS_BETWEEN_CHECKPOINTS });
      },
      signal: interruption.signal,
      watch: watching.watch,
    });
    const seconds = (performance.now() - started) / 1000;
    if ('tasks' in figures) printComparison(figures);
    else printMetrics(figures);
    printRuns(figures);
    if (options.json !== undefined)
      await writeJson(options.json, report.engine, options.seed, seconds, figures);
  } catch (error) {
    console.error(error instanceof Error ? `${error.name}: ${error.message}` : error);
    if (error instanceof UsageError) console.error(`\n${usage}`);
    if (error instanceof InterruptedError) {
      console.error(`Go on with: pnpm example ${app.name} --resume ${folder}`);
    }
    process.exitCode = exitCode(error);
  } finally {
    await watching?.close();
    interruption.dispose();
  }
}

/** 130 is what a shell gives for Ctrl-C. */
function exitCode(error: unknown): number {
  if (error instanceof InterruptedError) return 130;
  return error instanceof UsageError ? 2 : 1;
}

function printComparison({ tasks, deltas, ofEqualSize }: Figures): void {
  printTasks({ tasks, deltas });
  if (ofEqualSize === undefined) return;
  const { width, parameters } = ofEqualSize;
  console.log(
    `Beside single-task networks of ${round(width, 2)} times the width, which together have as many weights (${parameters}):`,
  );
  printTasks(ofEqualSize);
}

function printTasks({ tasks, deltas }: Pick<Figures, 'tasks' | 'deltas'>): void {
  console.table(
    Object.fromEntries(
      tasks.map(({ task, metric, single, multi, delta }) => [
        task,
        {
          metric,
          single: round(single, 4),
          multi: round(multi, 4),
          'Δ %': delta === undefined ? '–' : round(delta, 1),
        },
      ]),
    ),
  );
  const delta = deltas.mainMetrics;
  console.log(`Mean Δ: ${delta === undefined ? '–' : `${round(delta, 1)} %`}`);
}

function printMetrics({ runs }: Runs): void {
  const rows = runs.flatMap(({ name, evaluation }) =>
    Object.entries(evaluation).map(([task, metrics]) => [
      `${name}: ${task}`,
      Object.fromEntries(Object.entries(metrics).map(([metric, value]) => [metric, round(value, 4)])),
    ]),
  );
  console.table(Object.fromEntries(rows));
}

function printRuns({ runs }: Runs): void {
  console.table(
    Object.fromEntries(
      runs.map(({ name, parameters, steps, seconds }) => [
        name,
        { parameters, steps: steps.length, seconds: round(seconds, 1) },
      ]),
    ),
  );
}

async function writeJson(
  file: string,
  engineName: string,
  seed: number,
  seconds: number,
  found: Figures | Runs,
) {
  const figures = {
    engine: engineName,
    seed,
    seconds,
    ...('tasks' in found ? compared(found) : evaluated(found)),
  };
  await writeFileAtomic(resolve(file), `${JSON.stringify(figures, null, 2)}\n`);
}

function compared({ tasks, deltas, ofEqualSize }: Figures) {
  const byTask = tasks.map(({ task, metric, single, multi }) => [task, { metric, single, multi }]);
  return {
    tasks: Object.fromEntries(byTask),
    deltaM: deltas.mainMetrics,
    deltas,
    ...(ofEqualSize !== undefined && { ofEqualSize }),
  };
}

function evaluated({ runs }: Runs): { runs: Record<string, TrainedRun['evaluation']> } {
  return { runs: Object.fromEntries(runs.map(({ name, evaluation }) => [name, evaluation])) };
}

function round(value: number, digits: number): number {
  return Number(value.toFixed(digits));
}
