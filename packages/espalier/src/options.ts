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

/** Reads a whole number from the least to the most that it may be. */
export function wholeNumber(least: number, most = Number.POSITIVE_INFINITY): (text: string) => number {
  const expected = `a whole number from ${least}${Number.isFinite(most) ? ` to ${most}` : ''}`;
  return (text) => {
    const number = Number(text);
    if (Number.isSafeInteger(number) && number >= least && number <= most && text.trim() !== '')
      return number;
    throw new InvalidArgumentError(`Expected ${expected}.`);
  };
}
