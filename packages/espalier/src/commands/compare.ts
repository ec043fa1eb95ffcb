import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { EngineName } from '@espalier/engine';
import {
  compareGrid,
  type GridExecutor,
  type GridOptions,
  startWatching,
  stopOnInterrupt,
} from '@espalier/trainer/node';
import type { Command } from 'commander';
import { type Code, codeOf } from '../code-of.js';
import { CommandError } from '../errors.js';
import { gridOf } from '../experiment-grid.js';
import { writeJson } from '../files.js';
import { loadExperiment } from '../load-experiment.js';
import { loadQueue } from '../load-queue.js';
import {
  type EngineChoice,
  engineOption,
  epochsOption,
  experimentArgument,
  queueOption,
  wholeNumber,
} from '../options.js';
import { useEngine } from '../use-engine.js';

interface CompareOptions {
  readonly engine?: EngineChoice;
  readonly epochs?: number;
  readonly seeds?: readonly number[];
  readonly out?: string;
  readonly queue?: string;
  readonly attempts: number;
  readonly json?: string;
}

/** `espalier compare`: which sharing, which weighting, which aggregator? */
export function compare(program: Command): void {
  program
    .command('compare')
    .description(
      'Compares sharings × weightings × aggregators over seeds, with single tasks and fixed weights.',
    )
    .addArgument(experimentArgument())
    .addOption(engineOption())
    .addOption(epochsOption())
    .option('--seeds <n,n,…>', "the networks' seeds, instead of what the experiment says", seeds)
    .option('--out <folder>', 'where results are kept (runs/<experiment>-grid)')
    .addOption(queueOption())
    .option('--attempts <n>', 'with --queue: how often a network that fails is begun', wholeNumber(1), 3)
    .option('--json <file>', 'write the summary to a file')
    .addHelpText(
      'after',
      `
The experiment's grid says what is crossed. The folder keeps what came of each network: started again, compare trains
only what is missing, and takes Ctrl-C at any time. It ends with table.md, summary.json and pareto.svg.

Without --queue, networks are trained here, one after another. With it, any number of workers train them, on any number
of machines: see espalier worker --help. An address with a password is better given as ESPALIER_QUEUE.

Examples:
  espalier compare                             the experiment in espalier.config.ts (.mts, .js, .mjs)
  espalier compare mood.ts --seeds 1,2,3 --out runs/mood-grid
  espalier compare mood.ts --queue redis://10.0.0.5:6379`,
    )
    .action(run);
}

async function run(given: string | undefined, options: CompareOptions): Promise<void> {
  const { file, experiment } = await loadExperiment(given);
  const folder = resolve(options.out ?? join('runs', `${experiment.name}-grid`));
  const engine = await engineFor(options);
  const code = codeOf(file);
  const watching = await startWatching(experiment.name, {});
  const interruption = stopOnInterrupt(() => {
    console.error('Stopping; what is done is kept. Once more leaves at once.');
  });
  try {
    const grid = await gridOf(experiment, options);
    await noticeChanges(folder, code);
    const summary = await compareGrid({
      ...grid,
      ...(options.seeds && { seeds: options.seeds }),
      folder,
      executor: await executorFor(options, { name: experiment.name, engine, code }),
      watch: watching.watch,
      signal: interruption.signal,
      onJob: print,
    });
    console.log(readFileSync(join(folder, 'table.md'), 'utf8'));
    console.error(`Table, summary and picture: ${folder}`);
    if (options.json !== undefined) await writeJson(options.json, summary);
    const again = summary.failed.filter((failed) => failed.again);
    if (again.length === 0) return;
    throw new CommandError(
      `${again.length} networks could not be trained: ${again.map(({ job }) => job.id).join(', ')}. The reasons are above ` +
        'and in table.md; start again to train only these.',
    );
  } finally {
    interruption.dispose();
    await watching.close();
  }
}

/** With a queue, it is the workers' engine: this machine need not have it. */
async function engineFor({ engine, queue }: CompareOptions): Promise<EngineName> {
  if (queue === undefined || engine === undefined || engine === 'auto') return useEngine(engine);
  console.error(`Engine of the workers: ${engine}`);
  return engine;
}

async function executorFor(
  { queue, attempts }: CompareOptions,
  conditions: { readonly name: string; readonly engine: EngineName; readonly code: Code },
): Promise<GridExecutor | undefined> {
  if (queue === undefined) return undefined;
  const { queued } = await loadQueue();
  return queued({ ...conditions, url: queue, attempts, notice: console.error });
}

/** Results that are there stay, whatever the code was: a further weighting is no reason to train all anew. */
async function noticeChanges(folder: string, code: Code): Promise<void> {
  const file = join(folder, 'code.json');
  let earlier: Code | undefined;
  try {
    earlier = JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    // The first start, or a file that is written anew.
  }
  const parts = Object.keys({ ...earlier, ...code }).filter(
    (part) => earlier && earlier[part] !== code[part],
  );
  if (parts.length > 0) {
    console.error(
      `Since the results in ${folder} were made, ${parts.join(', ')} changed. They stay; to train all anew, give another ` +
        'folder with --out.',
    );
  }
  await writeJson(file, code);
}

type Done = Parameters<NonNullable<GridOptions<never>['onJob']>>[0];

function print({ job, number, of, new: isNew, failed }: Done): void {
  if (!isNew) return;
  console.error(`${number} of ${of}: ${job.id}${failed === undefined ? '' : ` failed: ${failed}`}`);
}

function seeds(text: string): readonly number[] {
  return text.split(',').map(wholeNumber(0));
}
