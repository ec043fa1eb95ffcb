import type { Sharing } from '@espalier/core';
import type { Aggregator, Weighting } from '@espalier/losses';
import { weighted } from '@espalier/losses';
import type { Combination } from '../combination.js';
import { TrainerError } from '../errors.js';

/** What is crossed with what: every sharing strategy × every weighting × every aggregator × every seed. */
export interface GridAxes {
  /** By the names that files and tables get. The first one also leads the single-task networks. */
  readonly sharings: Readonly<Record<string, Sharing>>;
  readonly weightings: Readonly<Record<string, Weighting>>;
  /** `undefined` is the plain gradient of the weighted sum. */
  readonly aggregators: Readonly<Record<string, Aggregator | undefined>>;
  readonly seeds: readonly number[];
}

/** One network to train. */
export interface GridJob {
  /** Names the file of its result. */
  readonly id: string;
  readonly kind: 'single' | 'fixed' | 'method';
  /** The only task of a single-task network. */
  readonly task?: string;
  readonly sharing: string;
  readonly weighting: string;
  readonly aggregator: string;
  readonly seed: number;
}

/** How much more one task weighs than the others in the fixed weights that stand beside the methods. */
const EMPHASES = [3, 9];
const PLAIN = 'none';
export const EQUAL_WEIGHTS = 'equal';

/**
 * The networks of a grid: the single-task ones, those of fixed weights (equal ones, and each task three and nine times
 * as heavy), since clever methods have to beat these, and those of the methods.
 */
export function gridJobs(axes: GridAxes, tasks: readonly string[]): readonly GridJob[] {
  checkAxes(axes);
  const sharings = Object.keys(axes.sharings);
  return axes.seeds.flatMap((seed) => [
    ...tasks.map((task): GridJob => {
      const own = {
        kind: 'single',
        task,
        sharing: sharings[0],
        weighting: EQUAL_WEIGHTS,
        aggregator: PLAIN,
      } as const;
      return { id: fileName('single', task, seed), ...own, seed };
    }),
    ...sharings.flatMap((sharing) => [
      ...Object.keys(fixedWeights(tasks)).map((weighting): GridJob => {
        const own = { kind: 'fixed', sharing, weighting, aggregator: PLAIN } as const;
        return { id: fileName('fixed', sharing, weighting, seed), ...own, seed };
      }),
      ...Object.keys(axes.weightings).flatMap((weighting) =>
        Object.keys(axes.aggregators).map((aggregator): GridJob => {
          const own = { kind: 'method', sharing, weighting, aggregator } as const;
          return { id: fileName('method', sharing, weighting, aggregator, seed), ...own, seed };
        }),
      ),
    ]),
  ]);
}

/** How a job combines its tasks. */
export function combinationOf(job: GridJob, axes: GridAxes, tasks: readonly string[]): Combination {
  if (job.kind === 'method') {
    return { weighting: axes.weightings[job.weighting], aggregator: axes.aggregators[job.aggregator] };
  }
  return {
    weighting: weighted({ weights: fixedWeights(tasks)[job.weighting].slice(0, job.task ? 1 : undefined) }),
  };
}

/** Weights whose mean is 1, by name. */
function fixedWeights(tasks: readonly string[]): Record<string, number[]> {
  const tilted = tasks.flatMap((task, place) =>
    EMPHASES.map((factor): [string, number[]] => {
      const mean = (factor + tasks.length - 1) / tasks.length;
      return [`${task}-x${factor}`, tasks.map((_, other) => (other === place ? factor : 1) / mean)];
    }),
  );
  return Object.fromEntries([[EQUAL_WEIGHTS, tasks.map(() => 1)], ...(tasks.length > 1 ? tilted : [])]);
}

function fileName(...parts: readonly (string | number)[]): string {
  return parts.join('__');
}

function checkAxes({ sharings, weightings, aggregators, seeds }: GridAxes): void {
  for (const [axis, choices] of Object.entries({ sharings, weightings, aggregators })) {
    const names = Object.keys(choices);
    if (names.length === 0) throw new TrainerError(`The grid's ${axis} are empty; give at least one.`);
    const odd = names.find((name) => !/^[\w.-]+$/.test(name) || name.includes('__'));
    if (odd === undefined) continue;
    throw new TrainerError(
      `The grid's ${axis} have the name "${odd}", which names files too: take letters, digits and single . _ -`,
    );
  }
  if (seeds.length === 0 || new Set(seeds).size < seeds.length || !seeds.every(Number.isSafeInteger)) {
    throw new TrainerError(
      `The grid's seeds are [${seeds.join(', ')}]; give at least one whole number, each once.`,
    );
  }
}
