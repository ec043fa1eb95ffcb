import { describe, expect, test } from 'vitest';
import { parseOptions, UsageError, usageOf } from '../src/options.js';

const epochs = { default: 4, quick: 1 };

describe('options of examples', () => {
  test('have defaults', () => {
    expect(parseOptions([], epochs)).toEqual({
      engine: 'auto',
      epochs: 4,
      seed: 1,
      json: undefined,
      quick: false,
    });
    expect(parseOptions(['--quick'], epochs).epochs).toBe(1);
  });

  test('are all taken', () => {
    const args = ['--engine', 'wasm', '--epochs', '7', '--seed', '0', '--json', 'out.json', '--quick'];
    expect(parseOptions(args, epochs)).toEqual({
      engine: 'wasm',
      epochs: 7,
      seed: 0,
      json: 'out.json',
      quick: true,
    });
  });

  test('choose one of the data sets, the first unless told', () => {
    const sets = ['raccoons', 'cells'];
    expect(parseOptions([], epochs, sets).set).toBe('raccoons');
    expect(parseOptions(['--set', 'cells'], epochs, sets).set).toBe('cells');
    expect(() => parseOptions(['--set', 'cats'], epochs, sets)).toThrow(
      '--set is "cats"; expected one of raccoons, cells.',
    );
    expect(() => parseOptions(['--set', 'cats'], epochs)).toThrow('this example has one data set only.');
    expect(usageOf(sets)).toMatch(/--help.*\n +--set raccoons\|cells +the data set \(raccoons\)$/);
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
  ])('%j is refused', (args, message) => {
    expect(() => parseOptions(args, epochs)).toThrow(UsageError);
    expect(() => parseOptions(args, epochs)).toThrow(message);
  });
});
