import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { messageOf } from '@espalier/core';
import { type EngineName, engineNames } from '@espalier/engine';

/** What every example can be told on the command line. */
export interface ExampleOptions {
  readonly engine: EngineName | 'auto';
  readonly epochs: number;
  /** One, or several for mean and spread over them. */
  readonly seeds: readonly number[];
  /** Where to write the figures, if anywhere. */
  readonly json: string | undefined;
  readonly quick: boolean;
  /** Whether to serve a live page while training. */
  readonly dashboard: boolean;
  /** The folder for TensorBoard's event files, if anywhere. */
  readonly tensorboard: string | undefined;
  /** Which of the example's data sets, where it has several. */
  readonly set: string | undefined;
  /** Whether each task is learned alone once more, by networks that together have as many weights. */
  readonly equalSize: boolean;
  /** The file of word vectors to begin with, if any. */
  readonly vectors: string | undefined;
  /** Where everything about the run is written: DIR of `--out` or `--resume`; undefined for a new folder in `runs`. */
  readonly folder: string | undefined;
  /** Whether the run in that folder goes on. */
  readonly resume: boolean;
}

/** An option is unknown or has a value that cannot be. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

const engines: readonly (EngineName | 'auto')[] = ['auto', ...engineNames];

const usage = `Options:
  --engine ${engines.join('|')}   where the arithmetic runs (auto)
  --epochs N                      how often every training example is seen
  --seed N[,N...]                 the seed of weights, data and order (1), or several: a run of each, mean and spread
  --out DIR                       where the run is written: checkpoints, metrics.jsonl, report (runs/<date>)
  --resume DIR                    go on with the run in DIR, with its options, as if nothing had happened
  --json FILE                     write the figures to FILE
  --dashboard                     show the training on a live page on this machine
  --tensorboard DIR               write event files for tensorboard --logdir DIR
  --quick                         a small run that shows that everything works, in under a minute
  --help                          this text`;

/** What only some examples let one choose. */
export interface Choices {
  /** The data sets that `--set` chooses from, where there are several; the first unless it is given. */
  readonly sets?: readonly string[];
  /** Whether there is `--equal-size`. */
  readonly equalSize?: boolean;
  /** Whether there is `--vectors`. */
  readonly vectors?: boolean;
}

/** The options of an example. */
export function usageOf({ sets = [], equalSize = false, vectors = false }: Choices): string {
  const lines = [
    ...(sets.length > 0 ? [[`--set ${sets.join('|')}`, `the data set (${sets[0]})`]] : []),
    ...(equalSize
      ? [['--equal-size', 'beside single-task networks that together have as many weights, too']]
      : []),
    ...(vectors
      ? [
          [
            '--vectors FILE',
            "begin with these words' vectors: winkNLP's .json, word2vec's .bin, or a text of GloVe",
          ],
        ]
      : []),
  ];
  return [usage, ...lines.map(([option, text]) => `  ${option.padEnd(31)} ${text}`)].join('\n');
}

/** What a run that is resumed goes on with. */
export type RunOptions = Pick<
  ExampleOptions,
  'engine' | 'epochs' | 'seeds' | 'quick' | 'set' | 'equalSize' | 'vectors'
>;

/**
 * @param saved gives the options with which the run in a folder was begun.
 * @throws UsageError
 */
export function parseOptions(
  args: readonly string[],
  epochs: { default: number; quick: number },
  saved: (folder: string) => RunOptions,
  choices: Choices = {},
): ExampleOptions {
  const values = parse(args);
  const { json, dashboard, tensorboard, out, resume } = values;
  if (resume === undefined) {
    const quick = values.quick ?? false;
    const given = givenOptions(values, choices);
    return {
      engine: given.engine ?? 'auto',
      epochs: given.epochs ?? epochs[quick ? 'quick' : 'default'],
      seeds: given.seeds ?? [1],
      quick,
      set: given.set ?? choices.sets?.[0],
      equalSize: given.equalSize ?? false,
      vectors: given.vectors,
      json,
      dashboard,
      tensorboard,
      folder: out,
      resume: false,
    };
  }
  if (out !== undefined) {
    throw new UsageError(
      '--out and --resume contradict each other: a run goes on in its own folder. Leave --out out.',
    );
  }
  const own = saved(resume);
  for (const [option, value] of Object.entries(givenOptions(values, choices))) {
    const begun = own[option as keyof RunOptions];
    if (value === undefined || `${value}` === `${begun}`) continue;
    throw new UsageError(
      `--${nameOf(option)} is ${value}, but the run in ${resume} was begun with ${begun}. Leave it out to go on.`,
    );
  }
  return { ...own, json, dashboard, tensorboard, folder: resume, resume: true };
}

/** The options of the run that were given, checked. */
function givenOptions(
  values: ReturnType<typeof parse>,
  { sets = [], equalSize = false, vectors = false }: Choices,
): Partial<RunOptions> {
  const own = values['equal-size'];
  if (own && !equalSize) throw new UsageError('--equal-size: this example has no networks of other widths.');
  return {
    ...(values.engine !== undefined && { engine: engineOf(values.engine) }),
    ...(values.epochs !== undefined && { epochs: wholeNumber('epochs', values.epochs, 1) }),
    ...(values.seed !== undefined && { seeds: seedsOf(values.seed) }),
    ...(values.quick !== undefined && { quick: values.quick }),
    ...(values.set !== undefined && { set: setOf(values.set, sets) }),
    ...(own !== undefined && { equalSize: own }),
    ...(values.vectors !== undefined && { vectors: vectorsOf(values.vectors, vectors) }),
  };
}

/** What an option of a run is called on the command line. */
function nameOf(option: string): string {
  const names: Record<string, string> = { equalSize: 'equal-size', seeds: 'seed' };
  return names[option] ?? option;
}

function seedsOf(text: string): number[] {
  const seeds = text.split(',').map((seed) => wholeNumber('seed', seed, 0));
  const twice = seeds.find((seed, index) => seeds.indexOf(seed) < index);
  if (twice === undefined) return seeds;
  throw new UsageError(`--seed is "${text}", which names ${twice} twice. Name every seed once.`);
}

function setOf(text: string, sets: readonly string[]): string {
  if (sets.includes(text)) return text;
  const known =
    sets.length > 0 ? `expected one of ${sets.join(', ')}.` : 'this example has one data set only.';
  throw new UsageError(`--set is "${text}"; ${known}`);
}

function vectorsOf(file: string, takesVectors: boolean): string {
  if (takesVectors) return resolve(file);
  throw new UsageError(`--vectors is "${file}"; this example takes no word vectors.`);
}

/** @throws UsageError where there is no such engine. */
export function engineOf(text: string): ExampleOptions['engine'] {
  const engine = engines.find((name) => name === text);
  if (engine !== undefined) return engine;
  throw new UsageError(`--engine is "${text}"; expected one of ${engines.join(', ')}.`);
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      options: {
        engine: { type: 'string' },
        epochs: { type: 'string' },
        seed: { type: 'string' },
        json: { type: 'string' },
        out: { type: 'string' },
        resume: { type: 'string' },
        quick: { type: 'boolean' },
        dashboard: { type: 'boolean', default: false },
        tensorboard: { type: 'string' },
        set: { type: 'string' },
        vectors: { type: 'string' },
        'equal-size': { type: 'boolean' },
        help: { type: 'boolean', default: false },
      },
    }).values;
  } catch (cause) {
    throw new UsageError(messageOf(cause), { cause });
  }
}

/** @throws UsageError where the text is none, or less. */
export function wholeNumber(option: string, text: string, least: number): number {
  const number = Number(text);
  if (Number.isSafeInteger(number) && number >= least && text.trim() !== '') return number;
  throw new UsageError(`--${option} is "${text}"; expected a whole number from ${least}.`);
}
