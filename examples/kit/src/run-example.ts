import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import * as engine from '@espalier/engine';
import { InterruptedError, type RunStore } from '@espalier/trainer';
import { runFolder, startWatching, stopOnInterrupt, type Watching } from '@espalier/trainer/node';
import type { Figures, Runs } from './figures.js';
import { newRunFolder } from './new-run-folder.js';
import { type Choices, type ExampleOptions, parseOptions, UsageError, usageOf } from './options.js';
import { overSeeds } from './over-seeds.js';
import { printFigures } from './print-figures.js';
import { keepOptions, readOptions } from './run-options.js';
import { readFigures, type SeedFigures, seedFigures, writeFigures } from './seed-figures.js';
import { printSeeds, writeSeedsReport } from './seeds-report.js';

export interface ExampleApp extends Choices {
  readonly name: string;
  /** How often every training example is seen, unless `--epochs` says otherwise. */
  readonly epochs: { readonly default: number; readonly quick: number };
  /** Does the work; the engine is in use already. */
  run(options: ExampleRun): Promise<Figures | Runs>;
}

export interface ExampleRun extends Omit<ExampleOptions, 'seeds'> {
  readonly seed: number;
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
  let watching: Watching | undefined;
  try {
    const options = parseOptions(args, app.epochs, (saved) => readOptions(saved, app.name), app);
    const report = await engine.use(options.engine);
    for (const { engine: name, reason, remedy } of report.passedOver) {
      console.error(`Engine ${name} passed over: ${reason}. ${remedy}`);
    }
    console.error(`Engine: ${report.engine}`);
    folder = resolve(options.folder ?? newRunFolder());
    if (!options.resume) await keepOptions(folder, app.name, { ...options, engine: report.engine });
    watching = await startWatching(app.name, options);
    const { watch } = watching;
    const chosen = { ...options, engine: report.engine, signal: interruption.signal };
    const found = await (options.seeds.length === 1
      ? runSeed(app, { ...chosen, seed: options.seeds[0], folder, watch })
      : runSeeds(app, { ...chosen, folder, watch }));
    if (options.json !== undefined) await writeFigures(resolve(options.json), found);
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

/** One run. */
async function runSeed(app: ExampleApp, options: Omit<ExampleRun, 'keep'>): Promise<SeedFigures> {
  const { folder, resume } = options;
  let first: string | undefined;
  const started = performance.now();
  const figures = await app.run({
    ...options,
    keep(run) {
      first ??= run;
      const own = run === first ? folder : join(folder, run);
      return runFolder(own, { resume: resume && existsSync(own), everySteps: STEPS_BETWEEN_CHECKPOINTS });
    },
  });
  printFigures(figures);
  return seedFigures(figures, {
    engine: options.engine,
    seed: options.seed,
    seconds: (performance.now() - started) / 1000,
  });
}

/** A run of each seed in a folder of its own, those left out that have ended already. */
async function runSeeds(
  app: ExampleApp,
  { seeds, ...options }: Omit<ExampleRun, 'keep' | 'seed'> & Pick<ExampleOptions, 'seeds'>,
) {
  const found: SeedFigures[] = [];
  for (const seed of seeds) {
    const folder = join(options.folder, `seed-${seed}`);
    const file = join(folder, 'figures.json');
    const ended = options.resume ? await readFigures(file) : undefined;
    console.log(`Seed ${seed}${ended ? ' has been run' : ''}`);
    const watch = (run: string) => options.watch(`seed-${seed}-${run}`);
    const figures = ended ?? (await runSeed(app, { ...options, seed, folder, watch }));
    if (!ended) await writeFigures(file, figures);
    found.push(figures);
  }
  const summary = overSeeds(found);
  printSeeds(summary);
  console.log(`Report: ${await writeSeedsReport(options.folder, app.name, summary)}`);
  return summary;
}

/** 130 is what a shell gives for Ctrl-C. */
function exitCode(error: unknown): number {
  if (error instanceof InterruptedError) return 130;
  return error instanceof UsageError ? 2 : 1;
}
