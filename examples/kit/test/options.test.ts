import { describe, expect, test } from 'vitest';
import { type Choices, parseOptions as parse, type RunOptions, UsageError, usageOf } from '../src/options.js';

const epochs = { default: 4, quick: 1 };
const saved: RunOptions = {
  engine: 'wasm',
  epochs: 7,
  seeds: [3],
  quick: false,
  set: undefined,
  equalSize: false,
  vectors: undefined,
};
const parseOptions = (args: readonly string[], _: typeof epochs, choices?: Choices) =>
  parse(args, epochs, () => saved, choices);

describe('options of examples', () => {
  test('have defaults', () => {
    expect(parseOptions([], epochs)).toEqual({
      engine: 'auto',
      epochs: 4,
      seeds: [1],
      json: undefined,
      quick: false,
      equalSize: false,
      dashboard: false,
      folder: undefined,
      resume: false,
    });
    expect(parseOptions(['--quick'], epochs).epochs).toBe(1);
  });

  test('of a run that goes on are those it was begun with', () => {
    const expected = { ...saved, json: undefined, dashboard: false, folder: 'there', resume: true };
    expect(parseOptions(['--resume', 'there'], epochs)).toEqual(expected);
    expect(parseOptions(['--resume', 'there', '--seed', '3'], epochs)).toEqual(expected);
    expect(() => parseOptions(['--resume', 'there', '--seed', '4'], epochs)).toThrow(
      '--seed is 4, but the run in there was begun with 3. Leave it out to go on.',
    );
    expect(() => parseOptions(['--resume', 'there', '--out', 'here'], epochs)).toThrow(
      /--out and --resume contradict each other/,
    );
    expect(parseOptions(['--out', 'here'], epochs)).toMatchObject({ folder: 'here', resume: false });
  });

  test('are all taken', () => {
    const args = [
      '--engine',
      'wasm',
      '--epochs',
      '7',
      '--seed',
      '0',
      '--json',
      'out.json',
      '--quick',
      '--dashboard',
      '--tensorboard',
      'logs',
    ];
    expect(parseOptions(args, epochs)).toEqual({
      engine: 'wasm',
      epochs: 7,
      seeds: [0],
      json: 'out.json',
      quick: true,
      equalSize: false,
      dashboard: true,
      tensorboard: 'logs',
      folder: undefined,
      resume: false,
    });
  });

  test('name one seed, or several', () => {
    expect(parseOptions(['--seed', '7'], epochs).seeds).toEqual([7]);
    expect(parseOptions(['--seed', '1,2,3'], epochs).seeds).toEqual([1, 2, 3]);
    expect(() => parseOptions(['--seed', '1,2,1'], epochs)).toThrow(
      new UsageError('--seed is "1,2,1", which names 1 twice. Name every seed once.'),
    );
    expect(() => parseOptions(['--seed', '1,,2'], epochs)).toThrow(/--seed is ""; expected a whole number/);
  });

  test('choose one of the data sets, the first unless told', () => {
    const sets = { sets: ['raccoons', 'cells'] };
    expect(parseOptions([], epochs, sets).set).toBe('raccoons');
    expect(parseOptions(['--set', 'cells'], epochs, sets).set).toBe('cells');
    expect(() => parseOptions(['--set', 'cats'], epochs, sets)).toThrow(
      '--set is "cats"; expected one of raccoons, cells.',
    );
    expect(() => parseOptions(['--set', 'cats'], epochs)).toThrow('this example has one data set only.');
    expect(usageOf(sets)).toMatch(/--help.*\n +--set raccoons\|cells +the data set \(raccoons\)$/);
  });
  test('compare with networks of equal size where there are any', () => {
    const choices = { equalSize: true };
    expect(parseOptions([], epochs, choices).equalSize).toBe(false);
    expect(parseOptions(['--equal-size'], epochs, choices).equalSize).toBe(true);
    expect(() => parseOptions(['--equal-size'], epochs)).toThrow(
      new UsageError('--equal-size: this example has no networks of other widths.'),
    );
    expect(() => parseOptions(['--resume', 'there', '--equal-size'], epochs, choices)).toThrow(
      '--equal-size is true, but the run in there was begun with false. Leave it out to go on.',
    );
    expect(usageOf({})).not.toContain('--equal-size');
    expect(usageOf(choices)).toContain('--equal-size');
  });

  test('name a file of word vectors, where the example takes one', () => {
    const choices = { vectors: true };
    expect(parseOptions(['--vectors', '/v.txt'], epochs, choices).vectors).toBe('/v.txt');
    expect(usageOf(choices)).toMatch(/--help.*\n +--vectors FILE +begin with these words' vectors/);
    expect(() => parseOptions(['--vectors', '/v.txt'], epochs)).toThrow(
      new UsageError('--vectors is "/v.txt"; this example takes no word vectors.'),
    );
  });

  test.each([
    [['--engine', 'gpu'], /--engine is "gpu"; expected one of auto, native, webgpu, wasm, cpu/],
    [['--epochs', '0'], /--epochs is "0"; expected a whole number from 1/],
    [['--epochs', '1.5'], /--epochs is "1.5"/],
    [['--seed', 'x'], /--seed is "x"; expected a whole number from 0/],
    [['--seed', ' '], /--seed is " "/],
    [['--nonsense'], /--nonsense/],
    [['stray'], /stray/],
    [['--json'], /--json/],
    [['--tensorboard'], /--tensorboard/],
  ])('%j is refused', (args, message) => {
    expect(() => parseOptions(args, epochs)).toThrow(UsageError);
    expect(() => parseOptions(args, epochs)).toThrow(message);
  });
});
