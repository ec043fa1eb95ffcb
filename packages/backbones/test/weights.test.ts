import { readFile } from 'node:fs/promises';
import { type Weight, WeightsError } from '@espalier/core';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  kerasResNet,
  loadWeights,
  parseWeights,
  resnet18,
  torchvisionResNet,
  WeightFileError,
} from '../src/index.js';
import { readTorchWeights } from '../src/weights/torch.js';
import { formula } from './formula.js';

const file = async (name: string): Promise<Uint8Array> =>
  new Uint8Array(await readFile(new URL(`reference/${name}`, import.meta.url)));

const plain = (weights: ReadonlyMap<string, Weight>) =>
  Object.fromEntries([...weights].map(([name, { shape, values }]) => [name, { shape, values: [...values] }]));

describe.each(['small.pth', 'small-legacy.pth', 'small-checkpoint.pth'])('%s', (name) => {
  test('holds what PyTorch wrote: views, all types, parameters', async () => {
    expect(plain(readTorchWeights(await file(name)))).toEqual({
      weight: { shape: [2], values: [1, 1] },
      bias: { shape: [2], values: [0, 0] },
      running_mean: { shape: [2], values: [0, 0] },
      running_var: { shape: [2], values: [1, 1] },
      num_batches_tracked: { shape: [], values: [0] },
      turned: { shape: [4, 3], values: [0, 4, 8, 1, 5, 9, 2, 6, 10, 3, 7, 11] },
      part: { shape: [2, 2], values: [5, 6, 9, 10] },
      half: { shape: [4], values: [1.5, -2, 65504, 2 ** -24] },
      brain: { shape: [2], values: [1.5, -3] },
      double: { shape: [1], values: [0.25] },
      parameter: { shape: [1, 1], values: [7] },
    });
  });

  test('cut off anywhere, it is refused', async () => {
    const bytes = await file(name);
    fc.assert(
      fc.property(fc.nat(bytes.length - 1), (at) => {
        expect(() => readTorchWeights(bytes.slice(0, at))).toThrow(WeightFileError);
      }),
    );
  });

  test('with a byte changed anywhere, it is read or refused, and nothing else', async () => {
    const bytes = await file(name);
    fc.assert(
      fc.property(fc.nat(bytes.length - 1), fc.integer({ min: 1, max: 255 }), (at, change) => {
        const changed = bytes.slice();
        changed[at] ^= change;
        try {
          readTorchWeights(changed);
        } catch (error) {
          expect(error).toBeInstanceOf(WeightFileError);
        }
      }),
      { numRuns: 500 },
    );
  });
});

test('a pickled module is refused by name: only state dicts are read', async () => {
  const module = await file('whole-module.pth');
  expect(() => readTorchWeights(module)).toThrow(/torch\.nn\.modules\.batchnorm\.BatchNorm1d.*state_dict/);
});

test('a pickle that would run code is refused', () => {
  // cos\nsystem\n(S'true'\ntR. behind the protocol
  const bytes = new TextEncoder().encode("cos\nsystem\n(S'true'\ntR.");
  expect(() => readTorchWeights(Uint8Array.of(0x80, 2, ...bytes))).toThrow(/os\.system, which is not read/);
});

test.each(['small.weights.h5', 'small-model.h5'])('%s holds what Keras wrote', async (name) => {
  const weights = await parseWeights(await file(name));
  const shapes: Record<string, number[]> = {
    'first/kernel': [2, 2, 2, 3],
    'first/bias': [3],
    'norm/gamma': [3],
    'norm/beta': [3],
    'norm/moving_mean': [3],
    'norm/moving_variance': [3],
    'second/kernel': [1, 1, 3, 1],
  };
  const expected = Object.entries(shapes).map(([weight, shape]) => [
    weight,
    formula(weight, shape, 'tensorflow'),
  ]);
  expect(plain(weights)).toEqual(plain(new Map(expected as [string, Weight][])));
});

test('what is no HDF5 file is refused', async () => {
  await expect(parseWeights(Uint8Array.of(0x89, 0x48, 0x44, 0x46, ...new Uint8Array(100)))).rejects.toThrow(
    WeightFileError,
  );
});

describe('weights that do not fit', () => {
  const trunk = resnet18();
  const missing = (weights: ReadonlyMap<string, Weight>) => {
    try {
      loadWeights(trunk, weights, torchvisionResNet);
    } catch (error) {
      expect(error).toBeInstanceOf(WeightsError);
      return String(error);
    }
    throw new Error('They were taken.');
  };

  test('are named: missing, not known, of another shape', () => {
    const weights = new Map([
      ['conv1.weight', { shape: [64, 3, 3, 3], values: new Float32Array(64 * 27) }],
      ['conv9.weight', { shape: [1], values: new Float32Array(1) }],
      ['fc.bias', { shape: [1], values: new Float32Array(1) }],
    ]);
    const message = missing(weights);
    expect(message).toContain('torchvision ResNet');
    expect(message).toContain('99 missing (bn1.weight, bn1.bias, bn1.running_mean');
    expect(message).toContain('and 91 more');
    expect(message).toContain('1 not known (conv9.weight)');
    expect(message).toContain('conv1.weight is [64, 3, 3, 3] there and has to be [64, 3, 7, 7]');
  });

  test('of another source are all missing', () => {
    expect(() => loadWeights(trunk, new Map(), kerasResNet)).toThrow(/missing \(conv1_conv\/kernel/);
  });
});
