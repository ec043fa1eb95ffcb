import { startWatching, stopOnInterrupt } from '@espalier/trainer/node';
import { type Command, Option } from 'commander';
import { codeOf } from '../code-of.js';
import { UsageError } from '../errors.js';
import { gridOf } from '../experiment-grid.js';
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

interface WorkerOptions {
  readonly queue?: string;
  readonly engine?: EngineChoice;
  readonly epochs?: number;
  readonly lease: number;
}

/** `espalier worker`: trains what `espalier compare --queue` gives out. */
export function worker(program: Command): void {
  program
    .command('worker')
    .description('Trains networks that espalier compare --queue gives out, until Ctrl-C.')
    .addArgument(experimentArgument())
    .addOption(queueOption())
    .addOption(engineOption())
    .addOption(epochsOption())
    .addOption(
      new Option(
        '--lease <seconds>',
        'without a sign of life for so long, another worker takes over; no step may take longer',
      )
        .argParser(wholeNumber(1))
        .default(60),
    )
    .addHelpText(
      'after',
      `
Code, data, engine and epochs have to be those of espalier compare; a worker that differs is refused, and says in what.
Ctrl-C gives the network that is under way back to the queue, and ends with exit code 0. A worker that is killed loses
its network to another one, which begins it anew: results are the same.

Examples:
  espalier worker mood.ts --queue redis://10.0.0.5:6379
  ESPALIER_QUEUE=rediss://:password@queue.example.org:6379 espalier worker mood.ts`,
    )
    .action(run);
}

async function run(
  given: string | undefined,
  { queue, engine: choice, epochs, lease }: WorkerOptions,
): Promise<void> {
  if (queue === undefined) {
    throw new UsageError('A worker needs the queue: espalier worker --queue redis://host:6379');
  }
  const { workOnGrid } = await loadQueue();
  const { file, experiment } = await loadExperiment(given);
  const engine = await useEngine(choice);
  const watching = await startWatching(experiment.name, {});
  const interruption = stopOnInterrupt(() => {
    console.error(
      'Stopping; the network that is under way goes back to the queue. Once more leaves at once.',
    );
  });
  try {
    const grid = await gridOf(experiment, { epochs });
    await workOnGrid(
      { ...grid, watch: watching.watch, signal: interruption.signal },
      {
        url: queue,
        name: experiment.name,
        engine,
        code: codeOf(file),
        lease,
        notice: console.error,
        onJob: (job, state) => console.error(`${job.id}: ${state}`),
      },
    );
  } finally {
    interruption.dispose();
    await watching.close();
  }
}
