import '@tensorflow/tfjs-layers';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, test } from 'vitest';
import * as engine from '../src/index.js';
import { memory, random } from './both-backends.js';

const read = (tensor: tf.Tensor) => tensor.dataSync<'float32'>().slice();

describe.each(['wasm', 'cpu'] as const)('a program on %s', (name) => {
  beforeAll(async () => {
    await engine.use(name);
  });

  test('runs its functions as they are, and keeps no tensor', () => {
    const weight = tf.variable(tf.scalar(1));
    const program = engine.program({
      state: [weight],
      entries: {
        train({ x, rate }: { x: tf.Tensor1D; rate: tf.Scalar }) {
          const { loss, gradients } = engine.lossGradients(
            () => tf.mean(tf.square(tf.mul(x, weight))),
            [weight],
          );
          weight.assign(tf.sub(weight, tf.mul(gradients.get(weight)!, rate)));
          return { loss };
        },
        evaluate: () => ({ weight }),
      },
    });
    expect(program.traced).toBe(false);
    const inputs = { x: tf.tensor1d([1, 2, 3]), rate: tf.scalar(0.01) };
    const { numTensors } = tf.memory();
    const { loss } = program.entries.train(inputs);
    expect(loss.dataSync()[0]).toBeCloseTo(14 / 3, 5);
    expect(read(weight)[0]).toBeCloseTo(1 - 0.01 * (28 / 3), 6);
    const found = program.entries.evaluate();
    // The output is the caller's, and not the variable.
    tf.dispose([loss, ...Object.values(found)]);
    expect(read(weight)[0]).toBeCloseTo(1 - 0.01 * (28 / 3), 6);
    expect(tf.memory().numTensors).toBe(numTensors);
    program.sync();
    program.load();
    program.dispose();
    expect(() => program.entries.evaluate()).toThrow(/is disposed/);
  });

  test('does the work that a call comes with, once, before it', () => {
    const program = engine.program({
      state: [],
      entries: { double: ({ x }: { x: tf.Tensor }) => ({ y: tf.mul(x, 2) }) },
    });
    const x = tf.tensor1d([1, 2]);
    const events: string[] = [];
    const { y } = program.overlap('double', () => events.push('work'), { x });
    expect([[...read(y)], events]).toEqual([[2, 4], ['work']]);
    const missing = () => {
      throw new RangeError('no such picture');
    };
    const { numTensors } = tf.memory();
    expect(() => program.overlap('double', missing, { x })).toThrow(RangeError);
    expect(tf.memory().numTensors).toBe(numTensors);
  });

  test('is reproducible under a seed, and draws anew at every step', () => {
    const steps = (seed: number) => {
      const program = engine.program({
        state: [],
        entries: { drop: ({ x }: { x: tf.Tensor }) => ({ y: tf.dropout(x, 0.5) }) },
        seed,
      });
      return [0, 1].map(() => read(program.entries.drop({ x: tf.ones([100]) }).y));
    };
    const [first, second] = steps(1);
    expect(first).not.toEqual(second);
    expect(steps(1)).toEqual([first, second]);
    expect(steps(2)).not.toEqual([first, second]);
  });

  test('refuses what a graph could not do, so that it runs on native too', () => {
    const x = tf.tensor1d([1, 2]);
    const entries = {
      reading: () => ({ y: tf.mul(x, tf.max(x).dataSync()[0]!) }),
      later() {
        void x.data();
        return {};
      },
    };
    const program = engine.program({ state: [], entries });
    const before = memory();
    expect(() => program.entries.reading()).toThrow(engine.ProgramError);
    expect(() => program.entries.reading()).toThrow(
      /entry 'reading' reads a tensor with dataSync.*Return the tensor/,
    );
    expect(() => program.entries.later()).toThrow(/entry 'later' reads a tensor with data or array/);
    expect(memory()).toEqual(before);
    expect([...read(x)]).toEqual([1, 2]);
  });

  test('says what an entry must return, and what it takes', () => {
    const entries = {
      number: () => 1,
      mixed: () => ({ one: 1 }),
      tensor: () => tf.scalar(1),
      later: async () => ({}),
      fine: ({ x }: { x: tf.Tensor }) => ({ x }),
    };
    // Most of them return something else than tensors, which the types refuse.
    type Entries = Record<keyof typeof entries, engine.Entry<engine.NamedTensors, engine.NamedTensors>>;
    const program = engine.program({ state: [], entries: entries as unknown as Entries });
    const call = (name: keyof typeof entries) => () => program.entries[name]({ x: tf.scalar(1) });
    expect(call('number')).toThrow(/entry 'number' must return an object of tensors, found number/);
    expect(call('mixed')).toThrow(/entry 'mixed' must return an object of tensors, found 'one' that is none/);
    expect(call('tensor')).toThrow(/entry 'tensor' must return an object of tensors/);
    expect(call('later')).toThrow(/entry 'later' is async/);
    // @ts-expect-error: a number
    expect(() => program.entries.fine({ x: 1 })).toThrow(/expected input 'x' to be a tensor.*found a number/);
    expect(() => program.entries.fine({ x: tf.scalar('a') })).toThrow(/found a tensor of string/);
  });

  test('is not called inside a gradient', () => {
    const program = engine.program({
      state: [],
      entries: { square: ({ x }: { x: tf.Tensor }) => ({ y: tf.square(x) }) },
    });
    const gradient = tf.grad((x: tf.Tensor) => program.entries.square({ x }).y);
    expect(() => gradient(tf.scalar(1))).toThrow(/'square' was called inside a gradient.*inside the entry/);
  });

  test('that must be traced is refused', () => {
    expect(() => engine.program({ state: [], entries: {}, traced: true })).toThrow(
      new RegExp(`need native TensorFlow, and the engine is '${name}'`),
    );
  });

  test('takes per-task gradients apart: weights of one are the step of the plain sum', () => {
    const x = random<tf.Rank.R2>([6, 4], 1);
    const make = () => [2, 3, 4].map((seed) => tf.variable(random([4, seed === 2 ? 4 : 1], seed)));
    const losses = ([trunk, ...heads]: tf.Variable[]) =>
      heads.map(
        (head): tf.Scalar =>
          tf.mean(tf.square(tf.matMul(tf.tanh(tf.matMul(x, trunk as tf.Tensor2D)), head as tf.Tensor2D))),
      );
    const rate = 0.1;

    const summed = make();
    const { gradients } = engine.lossGradients(() => tf.addN(losses(summed)) as tf.Scalar, summed);
    const expected = summed.map((variable) => read(tf.sub(variable, tf.mul(gradients.get(variable)!, rate))));

    const variables = make();
    const perTask = engine.perTaskGradients(() => losses(variables), variables.slice(0, 1));
    const rows = perTask.gradients.map(([gradient]) => read(gradient!));
    const { entries, carry } = engine.gradientEntries({
      losses: () => losses(variables),
      shared: variables.slice(0, 1),
      own: variables.slice(1),
      update(gradients) {
        for (const [variable, gradient] of gradients)
          variable.assign(tf.sub(variable, tf.mul(gradient, rate)));
      },
    });
    const program = engine.program({ state: [...variables, carry], entries });
    expect(() => program.entries.apply({ weights: tf.ones([2]) })).toThrow(
      /carry was read before anything was set/,
    );
    const { gramian } = program.entries.gradients({});
    const found = read(gramian);
    rows.forEach((row, i) => {
      rows.forEach((other, j) => {
        const product = row.reduce((sum, value, index) => sum + value * other[index]!, 0);
        expect(found[2 * i + j]).toBeCloseTo(product, 4);
      });
    });
    program.entries.apply({ weights: tf.ones([2]) });
    variables.forEach((variable, index) => {
      read(variable).forEach((value, at) => {
        expect(value).toBeCloseTo(expected[index]![at]!, 5);
      });
    });
    carry.dispose();
  });

  test('a carry keeps its names and shapes', () => {
    const carry = engine.carry<engine.NamedTensors>();
    expect(() => carry.get()).toThrow(engine.ProgramError);
    carry.set({ a: tf.tensor1d([1, 2]) });
    carry.set({ a: tf.tensor1d([3, 4]) });
    expect([...read(carry.get().a!)]).toEqual([3, 4]);
    expect(() => carry.set({ a: tf.tensor1d([1]) })).toThrow(
      /expected a: float32 \[2\], found a: float32 \[1\]. Use another/,
    );
    expect(() => carry.set({ b: tf.tensor1d([1, 2]) })).toThrow(/found b: float32 \[2\]/);
    carry.dispose();
    expect(carry.variables).toEqual([]);
  });
});
