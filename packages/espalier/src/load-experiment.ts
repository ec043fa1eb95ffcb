import { existsSync, statSync } from 'node:fs';
import { extname, join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type Heads, messageOf } from '@espalier/core';
import { createJiti } from 'jiti';
import { ExperimentError } from './errors.js';
import type { Experiment } from './experiment.js';

/** What is looked for where no file is named. */
const usualFiles = ['ts', 'mts', 'js', 'mjs'].map((ending) => `espalier.config.${ending}`);
const endings = ['.js', '.mjs', '.ts', '.mts'];
/** A larger file is none that somebody wrote. */
const MAX_BYTES = 1 << 24;

/** An experiment, and where it is from. */
export interface LoadedExperiment {
  readonly file: string;
  readonly experiment: Experiment<Heads>;
}

/**
 * Loads an experiment from its file.
 *
 * @param given the file; `espalier.config.ts`, `.mts`, `.js` or `.mjs` of the working directory where it is undefined.
 * @throws ExperimentError when there is no such file, it cannot be loaded, or its default export is no experiment.
 */
export async function loadExperiment(given?: string): Promise<LoadedExperiment> {
  const file = given === undefined ? findUsual() : resolve(given);
  if (!endings.includes(extname(file))) {
    throw new ExperimentError(
      `${file} is no experiment: these are modules that end in ${endings.join(', ')}.`,
    );
  }
  if (!existsSync(file)) {
    throw new ExperimentError(`There is no experiment ${file}. Name one that is there.`);
  }
  const stat = statSync(file);
  if (!stat.isFile()) {
    throw new ExperimentError(`${file} is no file. Name the module that holds the experiment.`);
  }
  if (stat.size > MAX_BYTES) {
    throw new ExperimentError(
      `${file} has ${stat.size} bytes, more than the ${MAX_BYTES} of the largest module. Name the one that holds the experiment.`,
    );
  }
  return { file, experiment: checkExperiment(file, await importDefault(file)) };
}

function findUsual(): string {
  const found = usualFiles.map((name) => resolve(name)).find((file) => existsSync(file));
  if (found !== undefined) return found;
  throw new ExperimentError(
    `There is no experiment here: ${process.cwd()} has none of ${usualFiles.join(', ')}. ` +
      'Name its file, or write one: see the README of espalier.',
  );
}

async function importDefault(file: string): Promise<unknown> {
  try {
    if (!extname(file).endsWith('ts')) return (await import(pathToFileURL(file).href)).default;
    // Of today's Node versions, not all read TypeScript, and none finds ./model.ts for './model.js'.
    const jiti = createJiti(join(file, '..', 'x.js'), { interopDefault: false });
    return (await jiti.import<{ default?: unknown }>(file)).default;
  } catch (cause) {
    throw new ExperimentError(`${file} cannot be loaded: ${messageOf(cause)}${placeOf(cause, file)}`, {
      cause,
    });
  }
}

/** Where it was thrown, as far as its stack says; Node keeps the place of a syntax error to itself. */
function placeOf(thrown: unknown, file: string): string {
  const stack = (thrown instanceof Error && thrown.stack) || '';
  const place = /^\s+at .*?((?:file:\/|(?<=[\s(])\/)[^\s()]+:\d+):\d+\)?$/m.exec(stack);
  if (place) return `, at ${place[1].replace('file://', '')}`;
  return thrown instanceof SyntaxError ? `. To see where: node ${file}` : '';
}

type Check = readonly [fits: (value: unknown) => boolean, expected: string];

const isFunction: Check = [(value) => typeof value === 'function', 'a function'];
const isObject: Check = [(value) => typeof value === 'object' && value !== null, 'an object'];
const isCount: Check = [
  (value) => Number.isSafeInteger(value) && Number(value) >= 1,
  'a whole number from 1',
];
const orNothing = ([fits, expected]: Check): Check => [
  (value) => value === undefined || fits(value),
  expected,
];

/** What an experiment is made of. */
const fields: { readonly [Field in keyof Required<Experiment<Heads>>]: Check } = {
  name: [
    (value) => typeof value === 'string' && /^[\w.-]+$/.test(value),
    'a name of letters, digits and . _ -',
  ],
  heads: [
    (value) => typeof value === 'object' && value !== null && Object.keys(value).length > 0,
    'an object with a head for each task',
  ],
  compose: isFunction,
  sharing: isObject,
  data: isFunction,
  epochs: isCount,
  batchSize: isCount,
  optimizer: isObject,
  schedule: isFunction,
  sampler: orNothing(isFunction),
  weighting: isObject,
  aggregator: orNothing(isObject),
  earlyStopping: orNothing(isObject),
  read: orNothing(isFunction),
  grid: orNothing(isObject),
};

function checkExperiment(file: string, found: unknown): Experiment<Heads> {
  if (typeof found !== 'object' || found === null) {
    throw new ExperimentError(
      `${file} has no experiment as its default export. End it with: export default defineExperiment({ … })`,
    );
  }
  const values = found as Readonly<Record<string, unknown>>;
  const problems = [
    ...Object.entries(fields)
      .filter(([field, [fits]]) => !fits(values[field]))
      .map(([field, [, expected]]) =>
        values[field] === undefined ? `${field} is missing (${expected})` : `${field} is not ${expected}`,
      ),
    ...Object.keys(values)
      .filter((field) => !Object.hasOwn(fields, field))
      .map((field) => `there is no field ${field}`),
  ];
  if (problems.length === 0) return found as Experiment<Heads>;
  throw new ExperimentError(`${file} is no whole experiment: ${problems.join('; ')}.`);
}
