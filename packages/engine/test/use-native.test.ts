import * as tf from '@tensorflow/tfjs-core';
import { expect, test } from 'vitest';
import * as engine from '../src/index.js';
import { isNativeInstalled } from './native-installed.js';

const native = await isNativeInstalled();

test.runIf(native).each(['native', 'auto'] as const)(
  '%s: native is in use afterwards, and computes',
  async (name) => {
    await engine.use('cpu');
    expect(await engine.use(name)).toEqual({ engine: 'native', passedOver: [] });
    expect(tf.getBackend()).toBe('tensorflow');
    expect(tf.tidy(() => tf.add(1, 2).dataSync()[0])).toBe(3);
  },
);
