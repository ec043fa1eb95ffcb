import { type EngineName, engineNames } from '@espalier/engine';
import { Argument, InvalidArgumentError, Option } from 'commander';

/** What several commands take. */

export const experimentArgument = () =>
  new Argument(
    '[experiment]',
    'the module that holds the experiment (espalier.config.ts, .mts, .js or .mjs)',
  );

export const engineOption = () =>
  new Option('--engine <name>', 'where the arithmetic runs').choices(['auto', ...engineNames]);

export const seedOption = () =>
  new Option('--seed <n>', 'the seed of weights, data and order (1)').argParser(wholeNumber(0));

export const epochsOption = () =>
  new Option(
    '--epochs <n>',
    'how often every example is seen, instead of what the experiment says',
  ).argParser(wholeNumber(1));

export const queueOption = () =>
  new Option('--queue <url>', 'redis://host:6379 of the server where networks wait for workers').env(
    'ESPALIER_QUEUE',
  );

export type EngineChoice = EngineName | 'auto';

/** Reads a whole number that is not less than another. */
export function wholeNumber(least: number): (text: string) => number {
  return (text) => {
    const number = Number(text);
    if (Number.isSafeInteger(number) && number >= least && text.trim() !== '') return number;
    throw new InvalidArgumentError(`Expected a whole number from ${least}.`);
  };
}
