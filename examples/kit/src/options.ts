import { parseArgs } from 'node:util';
import { type EngineName, engineNames } from '@espalier/engine';

/** What every example can be told on the command line. */
export interface ExampleOptions {
  readonly engine: EngineName | 'auto';
  readonly epochs: number;
  readonly seed: number;
  /** Where to write the figures, if anywhere. */
  readonly json: string | undefined;
  readonly quick: boolean;
  /** Which of the example's data sets, where it has several. */
  readonly set: string | undefined;
}

/** An option is unknown or has a value that cannot be. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

const engines: readonly (EngineName | 'auto')[] = ['auto', ...engineNames];

const usage = `Options:
  --engine ${engines.join('|')}   where the arithmetic runs (auto)
  --epochs N                      how often every training example is seen
  --seed N                        the seed of weights, data and order (1)
  --json FILE                     write the figures to FILE
  --quick                         a small run that shows that everything works, in under a minute
  --help                          this text`;

/** The options of an example that has several data sets. */
export function usageOf(sets: readonly string[]): string {
  if (sets.length === 0) return usage;
  return `${usage}\n  ${`--set ${sets.join('|')}`.padEnd(31)} the data set (${sets[0]})`;
}

/** @throws UsageError */
export function parseOptions(
  args: readonly string[],
  epochs: { default: number; quick: number },
  sets: readonly string[] = [],
): ExampleOptions {
  const values = parse(args);
  if (values.set !== undefined && !sets.includes(values.set)) {
    const known =
      sets.length > 0 ? `expected one of ${sets.join(', ')}.` : 'this example has one data set only.';
    throw new UsageError(`--set is "${values.set}"; ${known}`);
  }
  const engine = engines.find((name) => name === values.engine);
  if (engine === undefined) {
    throw new UsageError(`--engine is "${values.engine}"; expected one of ${engines.join(', ')}.`);
  }
  return {
    engine,
    epochs:
      values.epochs === undefined
        ? epochs[values.quick ? 'quick' : 'default']
        : wholeNumber('epochs', values.epochs, 1),
    seed: wholeNumber('seed', values.seed, 0),
    json: values.json,
    quick: values.quick,
    set: values.set ?? sets[0],
  };
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      options: {
        engine: { type: 'string', default: 'auto' },
        epochs: { type: 'string' },
        seed: { type: 'string', default: '1' },
        json: { type: 'string' },
        quick: { type: 'boolean', default: false },
        set: { type: 'string' },
        help: { type: 'boolean', default: false },
      },
    }).values;
  } catch (cause) {
    throw new UsageError(cause instanceof Error ? cause.message : String(cause), { cause });
  }
}

function wholeNumber(option: string, text: string, least: number): number {
  const number = Number(text);
  if (Number.isSafeInteger(number) && number >= least && text.trim() !== '') return number;
  throw new UsageError(`--${option} is "${text}"; expected a whole number from ${least}.`);
}
