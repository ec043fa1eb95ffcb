import '@tensorflow/tfjs-layers';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, test, vi } from 'vitest';
import { addonFile } from '../src/cache.js';
import * as engine from '../src/index.js';
import { isNativeInstalled } from './native-installed.js';
import { networks } from './program-models.js';

const isNative = await isNativeInstalled();
if (isNative) await engine.use('native');

const fs = process.getBuiltinModule('node:fs');
const { existsSync } = fs;

describe.skipIf(!isNative)('a traced program where only the stock binding is installed', () => {
  const trained = (traced: boolean) => {
    const { state, inputs, train } = networks.mlp();
    const program = engine.program({
      state,
      traced,
      entries: {
        train,
        halve() {
          for (const variable of state) variable.assign(tf.mul(variable, 0.5));
          return {};
        },
      },
    });
    const losses = Array.from({ length: 5 }, () => {
      program.entries.halve();
      return program.entries.train(inputs).loss.dataSync<'float32'>()[0]!;
    });
    program.dispose();
    return losses;
  };

  test('gives what it gives elsewhere, and says once that the addon is missing', () => {
    vi.spyOn(fs, 'existsSync').mockImplementation(
      (path) => !`${path}`.endsWith(addonFile) && existsSync(path),
    );
    const warn = vi.spyOn(process, 'emitWarning').mockImplementation(() => undefined);
    const [traced, eager] = [trained(true), trained(false)];
    traced.forEach((loss, index) => {
      expect(loss).toBeCloseTo(eager[index]!, 5);
    });
    trained(true);
    // Newer versions of Node warn of what tfjs-node calls too.
    const own = warn.mock.calls.filter(([, options]) => options?.type === 'EspalierWarning');
    expect(own.map(([message]) => message)).toEqual([
      expect.stringMatching(/lacks this version's addon.*Run `npx espalier-engine install`/),
    ]);
  });
});
