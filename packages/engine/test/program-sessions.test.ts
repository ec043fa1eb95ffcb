import { spawn } from 'node:child_process';
import { once } from 'node:events';
import '@tensorflow/tfjs-layers';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, test, vi } from 'vitest';
import { findAddon, loadAddon } from '../src/addon.js';
import * as engine from '../src/index.js';
import { type DataType, dataTypes } from '../src/program/binding.js';
import { encodeGraph, type GraphNode } from '../src/program/saved-model.js';
import { isNativeInstalled } from './native-installed.js';

const isNative = await isNativeInstalled();
if (isNative) await engine.use('native');

const read = (tensor: tf.Tensor) => [...tensor.dataSync<'float32'>()];

/** Adds up what it is fed; `look` looks a row of ones up, which fails where there is none. */
function adding() {
  const sum = tf.variable(tf.zeros([2]));
  return engine.program({
    state: [sum],
    entries: {
      add({ x }: { x: tf.Tensor2D }) {
        sum.assign(tf.add(sum, tf.sum(x, 0)));
        return {};
      },
      look({ row }: { row: tf.Tensor1D }) {
        sum.assign(tf.add(sum, tf.squeeze(tf.gather(tf.ones([3, 2]), row), [0])));
        return {};
      },
      total: () => ({ sum }),
    },
  });
}

describe.skipIf(!isNative)('a session of the addon', () => {
  test('grows: inputs of another length are more nodes, and what was planned stays', () => {
    const [open, extend] = [vi.spyOn(loadAddon(), 'openSession'), vi.spyOn(loadAddon(), 'extend')];
    const program = adding();
    for (const length of [1, 2, 3, 1, 2, 3]) program.entries.add({ x: tf.ones([length, 2]) });
    expect(read(program.entries.total().sum!)).toEqual([12, 12]);
    expect(open).toHaveBeenCalledTimes(1);
    // The loading of the state, three lengths, the total.
    expect(extend).toHaveBeenCalledTimes(5);
    program.dispose();
  });

  test('an entry without outputs goes on behind: its order is kept, and so is what was assigned', () => {
    const sum = tf.variable(tf.zeros([512, 512]));
    const program = engine.program({
      state: [sum],
      entries: {
        grow({ x }: { x: tf.Tensor }) {
          sum.assign(tf.add(tf.mul(sum, 0.5), tf.matMul(x, x)));
          return {};
        },
        corner: () => ({ corner: tf.slice(sum, [0, 0], [1, 1]) }),
      },
    });
    const x = tf.fill([512, 512], 1 / 512);
    program.entries.grow({ x });
    const seen = [0.5, 0.25, 0.125].map(() => {
      program.entries.grow({ x });
      return read(program.entries.corner().corner!)[0]!;
    });
    const unit = 1 / 512;
    [1.5, 1.75, 1.875].forEach((expected, index) => {
      expect(seen[index]! / unit).toBeCloseTo(expected, 5);
    });
    program.entries.grow({ x });
    sum.assign(tf.zerosLike(sum));
    program.entries.grow({ x });
    program.sync();
    expect(read(sum)[0]! / unit).toBeCloseTo(1, 5);
    sum.assign(tf.onesLike(sum));
    program.sync();
    expect(read(sum)[0]).toBe(1);
    program.dispose();
    expect(read(sum)[0]).toBe(1);
  });

  test('works while an entry is computed, once, and then has its outputs', () => {
    const program = adding();
    program.entries.total();
    const events: string[] = [];
    const [begin, take] = (['begin', 'take'] as const).map((name) => {
      const own = loadAddon()[name] as (...parts: unknown[]) => unknown;
      return vi.spyOn(loadAddon(), name).mockImplementation((...parts: unknown[]) => {
        events.push(name);
        return own(...parts) as never;
      });
    });
    try {
      program.entries.add({ x: tf.ones([3, 2]) });
      const { sum } = program.overlap('total', () => events.push('work'));
      expect(read(sum!)).toEqual([3, 3]);
      expect(events).toEqual(['begin', 'work', 'take']);
    } finally {
      begin!.mockRestore();
      take!.mockRestore();
    }
    program.dispose();
  });

  test('what the work throws is thrown, what the entry throws too, and the program goes on', () => {
    const program = adding();
    program.entries.look({ row: tf.tensor1d([1], 'int32') });
    program.entries.total();
    const tensors = tf.memory().numTensors;
    expect(() =>
      program.overlap('total', () => {
        throw new RangeError('no such picture');
      }),
    ).toThrow(RangeError);
    expect(tf.memory().numTensors).toBe(tensors);
    program.entries.look({ row: tf.tensor1d([7], 'int32') });
    const work = vi.fn();
    expect(() => program.overlap('total', work)).toThrow(/entry 'look' before it/);
    expect(work).not.toHaveBeenCalled();
    expect(read(program.overlap('total', work).sum!)).toEqual([1, 1]);
    expect(work).toHaveBeenCalledTimes(1);
    program.dispose();
  });

  test('an entry that fails while JavaScript works is told of, and nothing else has its error', () => {
    const picked = tf.variable(tf.zeros([1]));
    const program = engine.program({
      state: [picked],
      entries: {
        pick: ({ row }: { row: tf.Tensor1D }) => ({ rows: tf.add(tf.gather(tf.ones([3]), row), picked) }),
      },
    });
    const row = (place: number) => ({ row: tf.tensor1d([place], 'int32') });
    program.entries.pick(row(0));
    expect(() => program.overlap('pick', () => undefined, row(9))).toThrow(
      /entry 'pick' failed.*TensorFlow says/s,
    );
    expect(read(program.overlap('pick', () => undefined, row(1)).rows)).toEqual([1]);
    program.dispose();
  });

  test('the work may use the program that is computed', () => {
    const program = adding();
    program.entries.add({ x: tf.ones([1, 2]) });
    program.entries.total();
    let within: number[] = [];
    const { sum } = program.overlap('total', () => {
      program.entries.add({ x: tf.ones([1, 2]) });
      within = read(program.entries.total().sum!);
    });
    expect([read(sum!), within]).toEqual([
      [1, 1],
      [2, 2],
    ]);
    program.dispose();
  });

  test.each(['total', 'sync', 'add', 'a new trace'])(
    'what it fails of is thrown by what comes next: %s',
    (next) => {
      const program = adding();
      const [x, longer] = [tf.ones<tf.Rank.R2>([1, 2]), tf.ones<tf.Rank.R2>([9, 2])];
      program.entries.look({ row: tf.tensor1d([2], 'int32') });
      program.entries.add({ x });
      program.entries.total();
      program.entries.look({ row: tf.tensor1d([7], 'int32') });
      const afterwards = {
        total: () => program.entries.total(),
        sync: () => program.sync(),
        add: () => program.entries.add({ x }),
        'a new trace': () => program.entries.add({ x: longer }),
      }[next]!;
      expect(afterwards).toThrow(/entry 'look' before it: .*indices/s);
      // Once; and nothing was changed.
      expect(read(program.entries.total().sum!)).toEqual([2, 2]);
      program.dispose();
    },
  );

  test('a process that ends while it is at something ends as it says', async () => {
    const program = `
      const engine = await import('@espalier/engine');
      const tf = await import('@tensorflow/tfjs-core');
      await engine.use('native');
      const x = tf.variable(tf.ones([1500, 1500]));
      const { entries } = engine.program({ state: [x], entries: { step() { x.assign(tf.mul(tf.matMul(x, x), 1e-4)); return {}; } } });
      for (let step = 0; step < 3; step++) entries.step();
      if (process.env.EXIT) process.exit(Number(process.env.EXIT));
    `;
    const codes = ['', '7'].map(async (EXIT) => {
      const child = spawn(process.execPath, ['--input-type=module', '-e', program], {
        env: { ...process.env, EXIT },
        cwd: new URL('..', import.meta.url),
      });
      return (await once(child, 'exit'))[0] as number | null;
    });
    expect(await Promise.all(codes)).toEqual([0, 7]);
  });

  test('so does one that waits for what it has begun on a thread of its own', async () => {
    const node = (
      name: string,
      op: string,
      inputs: string[],
      attributes: GraphNode['attributes'],
    ): GraphNode => ({
      name,
      op,
      inputs,
      attributes,
    });
    const constant = (name: string, dtype: DataType, shape: number[], values: Int32Array | Float32Array) =>
      node(name, 'Const', [], {
        dtype: { kind: 'type', value: dtype },
        value: { kind: 'tensor', value: { dtype, shape, content: new Uint8Array(values.buffer) } },
      });
    const T = { kind: 'type', value: dataTypes.float32 } as const;
    const products = Array.from({ length: 50 }, (_, index) => {
      const input = index === 0 ? 'x' : `product${index - 1}`;
      return node(`product${index}`, 'MatMul', [input, 'x'], { T });
    });
    const graph = encodeGraph([
      constant('shape', dataTypes.int32, [2], Int32Array.of(1000, 1000)),
      constant('one', dataTypes.float32, [], Float32Array.of(1)),
      node('x', 'Fill', ['shape', 'one'], { T, index_type: { kind: 'type', value: dataTypes.int32 } }),
      ...products,
    ]);
    const program = `
      const engine = await import('@espalier/engine');
      const tf = await import('@tensorflow/tfjs-core');
      await engine.use('native');
      engine.program({ state: [], entries: { step: () => ({ one: tf.add(0, 1) }) } }).entries.step();
      const { createRequire } = await import('node:module');
      const addon = createRequire(import.meta.url)(process.env.ADDON);
      const nothing = new Uint8Array();
      const session = addon.openSession(Buffer.from(process.env.GRAPH, 'base64'), '', nothing);
      addon.run(session, [], ['product49'], [], nothing).catch(() => undefined);
      if (process.env.CLOSE) addon.closeSession(session).catch(() => undefined);
      setTimeout(() => process.exit(7), Number(process.env.MS));
    `;
    const codes = ['', 'yes'].flatMap((CLOSE) =>
      ['0', '20', '100', '200'].map(async (MS) => {
        const child = spawn(process.execPath, ['--input-type=module', '-e', program], {
          env: {
            ...process.env,
            ADDON: findAddon(),
            GRAPH: Buffer.from(graph).toString('base64'),
            CLOSE,
            MS,
          },
          cwd: new URL('..', import.meta.url),
        });
        return (await once(child, 'exit'))[0] as number | null;
      }),
    );
    expect(await Promise.all(codes)).toEqual(codes.map(() => 7));
  });
});
