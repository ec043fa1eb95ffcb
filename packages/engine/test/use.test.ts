import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import { afterEach, describe, expect, onTestFinished, test, vi } from 'vitest';
import { installName } from '../src/cache.js';
import * as engine from '../src/index.js';
import { loadNative } from '../src/native.js';
import { findPackage, withBinding } from '../src/tfjs-node.js';
import { tfjs } from '../src/versions.js';

/** While a test runs, the cache is an empty folder of its own. */
function emptyCache(): string {
  const folder = mkdtempSync(join(tmpdir(), 'espalier-engine-'));
  vi.stubEnv('ESPALIER_CACHE', folder);
  onTestFinished(() => rmSync(folder, { recursive: true }));
  return folder;
}

/** Puts a file where an installed binding would be. */
function fakeBinding(name = installName(tfjs, false)): string {
  const folder = join(emptyCache(), 'engine', name);
  mkdirSync(folder, { recursive: true });
  const binding = join(folder, 'tfjs_binding.node');
  writeFileSync(binding, 'not a library');
  return binding;
}

afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
});

describe('use', () => {
  test.each(['wasm', 'cpu'] as const)('%s is in use afterwards, and computes', async (name) => {
    expect(await engine.use(name)).toEqual({ engine: name, passedOver: [] });
    expect(tf.getBackend()).toBe(name);
    expect(tf.tidy(() => tf.add(1, 2).dataSync()[0])).toBe(3);
  });

  test('native, where it is not installed, throws and leaves the engine in use', async () => {
    emptyCache();
    await engine.use('cpu');
    const attempt = engine.use('native');
    await expect(attempt).rejects.toThrow(engine.EngineError);
    await expect(attempt).rejects.toMatchObject({
      engine: 'native',
      reason: expect.stringContaining('library is not installed for @tensorflow/tfjs-node-gpu 4.22.0'),
      remedy: expect.stringContaining('npx espalier-engine install'),
    });
    expect(tf.getBackend()).toBe('cpu');
  });

  test('WASM does not take hold of errors that nobody caught', async () => {
    await engine.use('wasm');
    const rethrowing = (['uncaughtException', 'unhandledRejection'] as const).flatMap((event) =>
      (process as NodeJS.EventEmitter)
        .listeners(event)
        .filter((listener) => /throw (ex|reason)/.test(String(listener))),
    );
    expect(rethrowing).toEqual([]);
  });

  test.each([
    ['is missing', emptyCache, 'is not installed', 'npx espalier-engine install'],
    [
      'is for another version',
      () => fakeBinding('tensorflow-2.20.0-cpu'),
      'tensorflow-2.20.0-cpu',
      'install',
    ],
    ['does not load', fakeBinding, 'does not load', 'npx espalier-engine install'],
  ])('auto takes WASM where the library %s, and says so', async (_, prepare, reason, remedy) => {
    prepare();
    expect(await engine.use('auto')).toEqual({
      engine: 'wasm',
      passedOver: [
        {
          engine: 'native',
          reason: expect.stringContaining(reason),
          remedy: expect.stringContaining(remedy),
        },
        {
          engine: 'webgpu',
          reason: expect.stringContaining('this host has no WebGPU'),
          remedy: expect.stringContaining('Browsers have it'),
        },
      ],
    });
    expect(tf.tidy(() => tf.add(1, 2).dataSync()[0])).toBe(3);
  });

  test('a name that is no engine is refused, and the message lists the engines', async () => {
    // @ts-expect-error: not an engine
    await expect(engine.use('gpu')).rejects.toThrow(/'gpu'.*auto, native, webgpu, wasm, cpu/);
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

    test('auto falls back on plain JavaScript and names all that it passed over', async () => {
      emptyCache();
      await whileBroken(async () => {
        const { engine: name, passedOver } = await engine.use('auto');
        expect(name).toBe('cpu');
        expect(passedOver.map(({ engine }) => engine)).toEqual(['native', 'webgpu', 'wasm']);
      });
    });
  });
});

describe('loadNative', () => {
  test('gives the package the installed binding; the one for GPUs first', () => {
    const forCpu = fakeBinding();
    const forGpu = forCpu.replace('-cpu-', '-gpu-');
    const given: string[] = [];
    const load = (_: unknown, binding: string) => {
      given.push(binding);
      return tf;
    };
    loadNative(load);
    cpSync(dirname(forCpu), dirname(forGpu), { recursive: true });
    loadNative(load);
    expect(given).toEqual([forCpu, forGpu]);
  });

  test("the package's question where its binding lies is answered during the load only", () => {
    const tfjsNode = findPackage('@tensorflow/tfjs-node-gpu')!;
    const preGyp = tfjsNode.require('@mapbox/node-pre-gyp');
    const find = preGyp.find;
    expect(withBinding(tfjsNode, '/somewhere', () => preGyp.find())).toBe('/somewhere');
    expect(preGyp.find).toBe(find);
  });

  test('gives back to util what Node 23 took out, and tells TensorFlow to be modest, before it loads', () => {
    const util: { isNullOrUndefined?: unknown } = createRequire(import.meta.url)('node:util');
    const given = util.isNullOrUndefined;
    delete util.isNullOrUndefined;
    fakeBinding();
    vi.stubEnv('TF_FORCE_GPU_ALLOW_GROWTH', undefined);
    vi.stubEnv('TF_CPP_MIN_LOG_LEVEL', '0');
    vi.stubEnv('TF_ENABLE_ONEDNN_OPTS', undefined);
    try {
      loadNative(() => {
        expect(util.isNullOrUndefined).toBeTypeOf('function');
        expect(process.env).toMatchObject({ TF_FORCE_GPU_ALLOW_GROWTH: 'true', TF_CPP_MIN_LOG_LEVEL: '0' });
        // Only with the addon, which keeps signals away from it.
        expect(process.env.TF_ENABLE_ONEDNN_OPTS).toBeUndefined();
        return tf;
      });
    } finally {
      util.isNullOrUndefined = given;
    }
  });

  test('a second copy of tfjs-core is refused', () => {
    fakeBinding();
    const other = { Tensor: class Tensor {} };
    expect(() => loadNative(() => other)).toThrow(
      /second copy of @tensorflow\/tfjs-core.*two copies are two engines/,
    );
  });

  test.each([
    [
      "/lib/x86_64-linux-gnu/libstdc++.so.6: version `GLIBCXX_3.4.30' not found (required by ...)",
      'This Linux is too old',
    ],
    ['/cache/tfjs_binding.node: file too short', 'Run `npx espalier-engine install`'],
    ["Cannot find module './tfjs_binding.node'\nRequire stack: ...", 'Run `npx espalier-engine install`'],
  ])('says what to do where it does not load: %s', (message, remedy) => {
    const binding = fakeBinding();
    const cause = new Error(message);
    const attempt = () =>
      loadNative(() => {
        throw cause;
      });
    expect(attempt).toThrow(
      expect.objectContaining({
        cause,
        reason: `${binding} does not load: ${message.split('\n')[0]}`,
        remedy: expect.stringContaining(remedy),
      }),
    );
  });
});
