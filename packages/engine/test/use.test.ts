import { createRequire } from 'node:module';
import * as tf from '@tensorflow/tfjs-core';
import { afterEach, describe, expect, test, vi } from 'vitest';
import * as engine from '../src/index.js';
import { loadNative } from '../src/native.js';

const missing = (name: string): never => {
  throw Object.assign(new Error(`Cannot find module '${name}'`), { code: 'MODULE_NOT_FOUND' });
};

const withoutNative = () => {
  const require = createRequire(import.meta.url);
  return ['@tensorflow/tfjs-node-gpu', '@tensorflow/tfjs-node'].every((name) => {
    try {
      return require.resolve(name) === '';
    } catch {
      return true;
    }
  });
};

afterEach(() => vi.restoreAllMocks());

describe('use', () => {
  test.each(['wasm', 'cpu'] as const)('%s is in use afterwards, and computes', async (name) => {
    expect(await engine.use(name)).toEqual({ engine: name, passedOver: [] });
    expect(tf.getBackend()).toBe(name);
    expect(tf.tidy(() => tf.add(1, 2).dataSync()[0])).toBe(3);
  });

  test.runIf(withoutNative())(
    'native, where it is not installed, throws and leaves the engine in use',
    async () => {
      await engine.use('cpu');
      const attempt = engine.use('native');
      await expect(attempt).rejects.toThrow(engine.EngineError);
      await expect(attempt).rejects.toMatchObject({
        engine: 'native',
        reason: expect.stringContaining('tfjs-node'),
        remedy: expect.stringContaining('npm install @tensorflow/tfjs-node'),
      });
      expect(tf.getBackend()).toBe('cpu');
    },
  );

  test('WASM does not take hold of errors that nobody caught', async () => {
    await engine.use('wasm');
    const rethrowing = (['uncaughtException', 'unhandledRejection'] as const).flatMap((event) =>
      (process as NodeJS.EventEmitter)
        .listeners(event)
        .filter((listener) => /throw (ex|reason)/.test(String(listener))),
    );
    expect(rethrowing).toEqual([]);
  });

  test.runIf(withoutNative())('auto takes WASM where native is missing, and says so', async () => {
    const { engine: name, passedOver } = await engine.use('auto');
    expect(name).toBe('wasm');
    expect(passedOver).toEqual([
      {
        engine: 'native',
        reason: expect.stringContaining('installed'),
        remedy: expect.stringContaining('npm install'),
      },
    ]);
  });

  test('a name that is no engine is refused, and the message lists the engines', async () => {
    // @ts-expect-error: not an engine
    await expect(engine.use('gpu')).rejects.toThrow(/'gpu'.*auto, native, wasm, cpu/);
  });

  describe('where the WASM backend does not start', () => {
    const whileBroken = async (check: () => Promise<void>) => {
      await engine.use('wasm');
      await engine.use('cpu');
      const factory = tf.findBackendFactory('wasm');
      vi.spyOn(console, 'warn').mockImplementation(() => undefined);
      tf.removeBackend('wasm');
      tf.registerBackend('wasm', () => Promise.reject(new Error('no .wasm file')));
      try {
        await check();
      } finally {
        tf.removeBackend('wasm');
        tf.registerBackend('wasm', factory);
      }
    };

    test('use notices, though setBackend only returns false', async () => {
      await whileBroken(async () => {
        await expect(engine.use('wasm')).rejects.toThrow(/did not start its backend 'wasm'.*\.wasm files/);
        expect(tf.getBackend()).toBe('cpu');
      });
    });

    test('auto falls back on plain JavaScript and names both that it passed over', async () => {
      await whileBroken(async () => {
        const { engine: name, passedOver } = await engine.use('auto');
        expect(name).toBe('cpu');
        expect(passedOver.map(({ engine }) => engine)).toEqual(['native', 'wasm']);
      });
    });
  });
});

describe('loadNative', () => {
  test('takes the GPU package first, and the other where that is missing', () => {
    const asked: string[] = [];
    loadNative((name) => {
      asked.push(name);
      return name.endsWith('-gpu') ? missing(name) : tf;
    });
    expect(asked).toEqual(['@tensorflow/tfjs-node-gpu', '@tensorflow/tfjs-node']);
  });

  test('gives back to util what Node 23 took out, and tells TensorFlow to be modest, before it loads', () => {
    const util: { isNullOrUndefined?: unknown } = createRequire(import.meta.url)('node:util');
    const given = util.isNullOrUndefined;
    delete util.isNullOrUndefined;
    vi.stubEnv('TF_FORCE_GPU_ALLOW_GROWTH', undefined);
    vi.stubEnv('TF_CPP_MIN_LOG_LEVEL', '0');
    try {
      loadNative(() => {
        expect(util.isNullOrUndefined).toBeTypeOf('function');
        expect(process.env).toMatchObject({ TF_FORCE_GPU_ALLOW_GROWTH: 'true', TF_CPP_MIN_LOG_LEVEL: '0' });
        return tf;
      });
    } finally {
      util.isNullOrUndefined = given;
      vi.unstubAllEnvs();
    }
  });

  test('a second copy of tfjs-core is refused', () => {
    const other = { Tensor: class Tensor {} };
    expect(() => loadNative(() => other)).toThrow(
      /second copy of @tensorflow\/tfjs-core.*two copies are two engines/,
    );
  });

  test('a package that is there and does not load is not taken for a missing one', () => {
    const broken = Object.assign(new Error("Cannot find module './tfjs_binding.node'\nRequire stack: ..."), {
      code: 'MODULE_NOT_FOUND',
    });
    const attempt = () =>
      loadNative(() => {
        throw broken;
      });
    expect(attempt).toThrow(/tfjs-node-gpu is installed but does not load: .*tfjs_binding\.node'\./);
    expect(attempt).toThrow(expect.objectContaining({ cause: broken }));
  });
});
