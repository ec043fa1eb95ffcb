import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, utimesSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import '@tensorflow/tfjs-layers';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, test } from 'vitest';
import * as engine from '../src/index.js';
import { sweep } from '../src/program/temporary-folder.js';
import { distance, random } from './both-backends.js';
import { naiveProgram } from './naive-program.js';
import { networks } from './program-models.js';

const missing = await engine.use('native').then(
  () => undefined,
  (error: Error) => error.message,
);
if (missing !== undefined) console.warn(`Traced programs are not tested: ${missing}`);

const read = (tensor: tf.Tensor) => tensor.dataSync<'float32'>().slice();

/** What a call gives as its only output. */
const only = (outputs: engine.NamedTensors) => {
  const [output] = Object.values(outputs);
  const values = read(output!);
  output!.dispose();
  return values;
};

const temporary = () =>
  readdirSync(tmpdir()).filter((name) => name.startsWith(`espalier-program-${process.pid}-`));

/** The losses of some steps, and the state after them. */
function trained(name: keyof typeof networks, steps: number, traced: boolean) {
  const { state, inputs, train } = networks[name]();
  const program = engine.program({ state, entries: { train }, traced });
  const losses = Array.from({ length: steps }, () => only(program.entries.train(inputs))[0]!);
  program.dispose();
  return { losses, state: state.map(read) };
}

describe.skipIf(missing !== undefined)('a traced program', () => {
  // TensorFlow fuses and reorders operations, and multiplies with another kernel, so rounding differs.
  test.each(['mlp', 'cnn', 'lstm'] as const)(
    'gives the losses and weights of eager steps, up to rounding: %s',
    (name) => {
      const eager = trained(name, 12, false);
      const traced = trained(name, 12, true);
      expect(distance(traced.losses, eager.losses)).toBeLessThan(1e-6);
      traced.state.forEach((found, index) => {
        expect(distance(found, eager.state[index]!), `variable ${index}`).toBeLessThan(1e-4);
      });
    },
  );

  test('runs the function when it traces, and never again for the same types and shapes', () => {
    let runs = 0;
    const program = engine.program({
      state: [],
      entries: {
        double({ x }: { x: tf.Tensor }) {
          runs++;
          return { y: tf.mul(x, 2) };
        },
      },
    });
    for (const values of [[1, 2], [3, 4], [5]]) {
      expect([...only(program.entries.double({ x: tf.tensor1d(values) }))]).toEqual(
        values.map((value) => 2 * value),
      );
    }
    expect(runs).toBe(4);
    expect([...only(program.entries.double({ x: tf.tensor1d([7, 8]) }))]).toEqual([14, 16]);
    expect(runs).toBe(4);
    program.dispose();
  });

  test('another batch shape is another trace over the same state', () => {
    const total = tf.variable(tf.scalar(0));
    const program = engine.program({
      state: [total],
      entries: {
        add({ x }: { x: tf.Tensor1D }) {
          total.assign(tf.add(total, tf.sum(x)));
          return { total };
        },
      },
    });
    const sums = [[1, 2], [3], [4, 5], [6, 7, 8], [9]].map(
      (x) => only(program.entries.add({ x: tf.tensor1d(x) }))[0],
    );
    expect(sums).toEqual([3, 6, 15, 36, 45]);
    program.dispose();
    expect(read(total)[0]).toBe(45);
  });

  test('entries share the state, which the variables get with sync', () => {
    const weight = tf.variable(tf.scalar(1));
    const program = engine.program({
      state: [weight],
      entries: {
        double() {
          weight.assign(tf.mul(weight, 2));
          return {};
        },
        evaluate: () => ({ weight }),
      },
    });
    program.entries.double();
    program.entries.double();
    expect(only(program.entries.evaluate())[0]).toBe(4);
    expect(read(weight)[0]).toBe(1);
    program.sync();
    expect(read(weight)[0]).toBe(4);
    program.dispose();
  });

  test('state is written and read back to the bit, and what is assigned outside counts', () => {
    const bits = new Uint32Array([0x7fc00001, 0x80000000, 0x00000001, 0xff800000, 0x3f800001]);
    const weight = tf.variable(tf.zeros([5]));
    const count = tf.variable(tf.scalar(0, 'int32'));
    const flag = tf.variable(tf.scalar(false, 'bool'));
    const program = engine.program({
      state: [weight, count, flag],
      entries: {
        keep() {
          count.assign(tf.add(count, tf.scalar(1, 'int32')));
          flag.assign(tf.logicalNot(flag));
          return { weight };
        },
      },
    });
    only(program.entries.keep());
    weight.assign(tf.tensor1d(new Float32Array(bits.buffer)));
    only(program.entries.keep());
    program.sync();
    expect(new Uint32Array(read(weight).buffer)).toEqual(bits);
    expect([read(count)[0], read(flag)[0]]).toEqual([2, 0]);
    count.assign(tf.scalar(10, 'int32'));
    program.load();
    only(program.entries.keep());
    program.dispose();
    expect([read(count)[0], read(flag)[0]]).toEqual([11, 1]);
  });

  test('one tensor for two inputs, or as the data of two variables, is not one thing for ever', () => {
    const zero = tf.scalar(0);
    const [first, second] = [tf.variable(zero), tf.variable(zero)];
    const program = engine.program({
      state: [first, second],
      entries: {
        step({ a, b }: { a: tf.Scalar; b: tf.Scalar }) {
          first.assign(tf.add(first, a));
          second.assign(tf.add(second, b));
          return { both: tf.stack([first, second]) };
        },
      },
    });
    const same = tf.scalar(1);
    expect([...only(program.entries.step({ a: same, b: same }))]).toEqual([1, 1]);
    expect([...only(program.entries.step({ a: tf.scalar(10), b: tf.scalar(20) }))]).toEqual([11, 21]);
    expect([...only(program.entries.step({ a: tf.scalar(100), b: tf.scalar(200) }))]).toEqual([111, 221]);
    program.dispose();
  });

  describe('randomness', () => {
    const noise = {
      dropout: ({ x }: { x: tf.Tensor }) => ({ y: tf.dropout(x, 0.25) }),
      uniform: ({ x }: { x: tf.Tensor }) => ({ y: tf.mul(x, tf.randomUniform(x.shape, -3, 5)) }),
      normal: ({ x }: { x: tf.Tensor }) => ({ y: tf.mul(x, tf.randomNormal(x.shape, 2, 0.5)) }),
      truncated: ({ x }: { x: tf.Tensor }) => ({ y: tf.mul(x, tf.truncatedNormal(x.shape, 1, 2)) }),
    };
    const x = missing === undefined ? tf.ones([20_000]) : tf.scalar(1);

    test('the naive way repeats one dropout mask for ever', () => {
      const run = naiveProgram(noise.dropout, { x });
      expect(read(run({ x }))).toEqual(read(run({ x })));
    });

    test.each(['dropout', 'uniform', 'normal', 'truncated'] as const)(
      '%s draws anew at every step',
      (name) => {
        const program = engine.program({ state: [], entries: noise });
        const [first, second] = [only(program.entries[name]({ x })), only(program.entries[name]({ x }))];
        expect(first).not.toEqual(second);
        program.dispose();
      },
    );

    test.each([
      ['dropout', 1, Math.sqrt(1 / 3), 0, 4 / 3],
      ['uniform', 1, 8 / Math.sqrt(12), -3, 5],
      ['normal', 2, 0.5, -1, 5],
      ['truncated', 1, 2 * 0.8796, -3, 5],
    ] as const)('%s draws what the function draws', (name, mean, deviation, low, high) => {
      const program = engine.program({ state: [], entries: noise, seed: 3 });
      const values = only(program.entries[name]({ x }));
      const found = values.reduce((sum, value) => sum + value, 0) / values.length;
      const square = values.reduce((sum, value) => sum + (value - found) ** 2, 0) / values.length;
      expect(found).toBeCloseTo(mean, 1);
      expect(Math.sqrt(square)).toBeCloseTo(deviation, 1);
      expect(Math.min(...values)).toBeGreaterThanOrEqual(Math.fround(low));
      expect(Math.max(...values)).toBeLessThanOrEqual(Math.fround(high));
      program.dispose();
    });

    test('is reproducible under a seed, and under a seeded Math.random', () => {
      const steps = (seed?: number) => {
        const program = engine.program({ state: [], entries: noise, ...(seed !== undefined && { seed }) });
        const found = [0, 1, 2].map(() => only(program.entries.dropout({ x })));
        program.dispose();
        return found;
      };
      expect(steps(1)).toEqual(steps(1));
      expect(steps(1)).not.toEqual(steps(2));
      const original = Math.random;
      const seeded = () => {
        Math.random = () => 0.5;
        try {
          return steps();
        } finally {
          Math.random = original;
        }
      };
      expect(seeded()).toEqual(seeded());
    });

    test('two draws in one step are two draws; a draw with a seed of its own stays as it is', () => {
      const program = engine.program({
        state: [],
        entries: {
          two: () => ({ y: tf.sub(tf.randomUniform([100]), tf.randomUniform([100])) }),
          fixed: () => ({ y: tf.randomUniform([100], 0, 1, 'float32', 42) }),
        },
      });
      expect(only(program.entries.two()).every((value) => value !== 0)).toBe(true);
      const expected = read(tf.randomUniform([100], 0, 1, 'float32', 42));
      expect([only(program.entries.fixed()), only(program.entries.fixed())]).toEqual([expected, expected]);
      program.dispose();
    });

    test('a single number is enough to tell a distribution', () => {
      const program = engine.program({
        state: [],
        entries: { draw: () => ({ y: tf.randomUniform([], 10, 20) }) },
      });
      const values = Array.from({ length: 200 }, () => only(program.entries.draw())[0]!);
      expect(Math.min(...values)).toBeGreaterThanOrEqual(10);
      expect(Math.min(...values)).toBeLessThan(10.5);
      expect(Math.max(...values)).toBeGreaterThan(19.5);
      expect(Math.max(...values)).toBeLessThanOrEqual(20);
      program.dispose();
    });

    test('that tfjs does not draw is refused', () => {
      const mixed = ({ x }: engine.NamedTensors) => ({ y: tf.mul(x!, Math.random()) });
      const run = naiveProgram(mixed, { x });
      expect(read(run({ x }))).toEqual(read(run({ x })));

      const program = engine.program({
        state: [],
        entries: { mixed, integers: () => ({ y: tf.randomUniform([3], 0, 9, 'int32') }) },
      });
      expect(() => program.entries.mixed({ x })).toThrow(/entry 'mixed' draws random numbers.*Math\.random/);
      expect(() => program.entries.mixed({ x })).toThrow(engine.ProgramError);
      expect(() => program.entries.integers()).toThrow(/draws int32 with 'randomUniform'.*Draw float32/);
      program.dispose();
    });
  });

  describe('refuses', () => {
    const x = missing === undefined ? tf.tensor1d([1, 2]) : tf.scalar(1);

    test('a number of JavaScript that changes; the naive way freezes it', () => {
      const counting = () => {
        let steps = 0;
        return ({ x }: engine.NamedTensors) => ({ y: tf.mul(x!, ++steps) });
      };
      const run = naiveProgram(counting(), { x });
      expect([...read(run({ x }))]).toEqual([1, 2]);
      expect([...read(run({ x }))]).toEqual([1, 2]);
      const program = engine.program({ state: [], entries: { counting: counting() } });
      expect(() => program.entries.counting({ x })).toThrow(
        /entry 'counting': the operation 'mul' takes a constant that differs.*as an input/,
      );
      program.dispose();
    });

    test('a way of JavaScript that changes', () => {
      let odd = false;
      const program = engine.program({
        state: [],
        entries: {
          turn({ x }: { x: tf.Tensor }) {
            odd = !odd;
            return { y: odd ? tf.square(x) : tf.abs(x) };
          },
        },
      });
      expect(() => program.entries.turn({ x })).toThrow(/does something else each time/);
      program.dispose();
    });

    test('reading a tensor, by the name of the operation; the naive way freezes what was read', () => {
      const scaled = ({ x }: engine.NamedTensors) => ({ y: tf.mul(x!, tf.max(x!).dataSync()[0]!) });
      const run = naiveProgram(scaled, { x });
      expect([...read(run({ x: tf.tensor1d([10, 20]) }))]).toEqual([20, 40]);

      const program = engine.program({
        state: [],
        entries: {
          scaled,
          array: ({ x }: { x: tf.Tensor }) => ({ y: tf.tensor(tf.square(x).arraySync()) }),
          later({ x }: { x: tf.Tensor }) {
            void tf.square(x).data();
            return {};
          },
        },
      });
      expect(() => program.entries.scaled({ x })).toThrow(/'scaled' reads the result of 'max' with dataSync/);
      expect(() => program.entries.array({ x })).toThrow(
        /'array' reads the result of 'square' with dataSync or arraySync/,
      );
      expect(() => program.entries.later({ x })).toThrow(
        /'later' reads the result of 'square' with data or array/,
      );
      expect(read(tf.max(x))[0]).toBe(2);
      program.dispose();
    });

    test('variables that are not declared, by name; the naive way freezes what they were', () => {
      const own = tf.variable(tf.scalar(3), true, 'own');
      const reading = ({ x }: engine.NamedTensors) => ({ y: tf.mul(x!, own) });
      const run = naiveProgram(reading, { x });
      own.assign(tf.scalar(5));
      expect([...read(run({ x }))]).toEqual([3, 6]);

      const made: tf.Variable[] = [];
      const program = engine.program({
        state: [],
        entries: {
          reading,
          writing({ x }: { x: tf.Tensor }) {
            own.assign(tf.sum(x));
            return {};
          },
          creating({ x }: { x: tf.Tensor }) {
            made.push(tf.variable(x, true, `made${made.length}`));
            return {};
          },
        },
      });
      expect(() => program.entries.reading({ x })).toThrow(/reads the variable 'own' \(in 'mul'\).*`state`/);
      expect(() => program.entries.writing({ x })).toThrow(/changes the variable 'own'.*`state`/);
      expect(read(own)[0]).toBe(5);
      expect(() => program.entries.creating({ x })).toThrow(/creates the variable 'made0'.*carry/);
      program.dispose();
      tf.dispose([own, ...made]);
    });

    test('results whose shape depends on values', () => {
      const program = engine.program({
        state: [],
        entries: { distinct: ({ x }: { x: tf.Tensor1D }) => ({ y: tf.unique(x).values }) },
      });
      expect(() => program.entries.distinct({ x: tf.tensor1d([1, 1]) })).toThrow(
        /'UniqueV2?'.*shape depends on values/,
      );
      program.dispose();
    });

    test('a program inside a program', () => {
      const inner = engine.program({
        state: [],
        entries: { square: ({ x }: { x: tf.Tensor }) => ({ y: tf.square(x) }) },
      });
      const outer = engine.program({ state: [], entries: { call: inner.entries.square } });
      expect(() => outer.entries.call({ x })).toThrow(/entry 'call' calls the entry 'square' of a program/);
      only(inner.entries.square({ x }));
      expect(() => outer.entries.call({ x })).toThrow(/entry 'call' calls the entry 'square' of a program/);
      inner.dispose();
      outer.dispose();
    });

    test('to run while another engine is in use', async () => {
      const program = engine.program({
        state: [],
        entries: { square: ({ x }: { x: tf.Tensor }) => ({ y: tf.square(x) }) },
      });
      only(program.entries.square({ x }));
      await engine.use('cpu');
      expect(() => program.entries.square({ x })).toThrow(/another engine is in use now/);
      await engine.use('native');
      expect([...only(program.entries.square({ x }))]).toEqual([1, 4]);
      program.dispose();
    });

    test('and leaves the state as it was', () => {
      const weight = tf.variable(tf.scalar(1));
      const program = engine.program({
        state: [weight],
        entries: {
          failing() {
            weight.assign(tf.add(weight, 1));
            throw new RangeError('on purpose');
          },
          reading: () => ({ weight }),
        },
      });
      const before = tf.memory().numTensors;
      expect(() => program.entries.failing()).toThrow(RangeError);
      expect(tf.memory().numTensors).toBe(before);
      expect(read(weight)[0]).toBe(1);
      expect(only(program.entries.reading())[0]).toBe(1);
      program.dispose();
    });
  });

  test('a learning rate is an input, and a step count is state', () => {
    const [weight, steps] = [tf.variable(tf.scalar(0)), tf.variable(tf.scalar(0))];
    const program = engine.program({
      state: [weight, steps],
      entries: {
        step({ rate }: { rate: tf.Scalar }) {
          steps.assign(tf.add(steps, 1));
          weight.assign(tf.add(weight, tf.div(rate, steps)));
          return {};
        },
      },
    });
    for (const rate of [1, 4, 9]) program.entries.step({ rate: tf.scalar(rate) });
    program.dispose();
    expect(read(weight)[0]).toBe(6);
  });

  test('per-task gradients stay in the session, and applying them is the eager step', () => {
    const run = (traced: boolean) => {
      const shared = tf.variable(random([4, 3], 1));
      const heads = [2, 3, 4].map((seed) => tf.variable(random([3, 1], seed)));
      const { entries, carry } = engine.gradientEntries({
        losses: ({ x }: { x: tf.Tensor2D }) => {
          const features = tf.tanh(tf.matMul(x, shared));
          return heads.map(
            (head, task): tf.Scalar => tf.mean(tf.square(tf.sub(tf.matMul(features, head), task))),
          );
        },
        shared: [shared],
        own: heads,
        update(gradients, { rate }: { rate: tf.Scalar }) {
          for (const [variable, gradient] of gradients)
            variable.assign(tf.sub(variable, tf.mul(gradient, rate)));
        },
      });
      const program = engine.program({ state: [shared, ...heads, carry], entries, traced });
      const found = [];
      for (let step = 0; step < 3; step++) {
        const outputs = program.entries.gradients({ x: random([5, 4], 9 + step) });
        expect(outputs.gramian.shape).toEqual([3, 3]);
        found.push(read(outputs.losses), read(outputs.gramian));
        program.entries.apply({ weights: tf.tensor1d([0.2, 0.3, 0.5]), rate: tf.scalar(0.1) });
      }
      program.dispose();
      return [...found, ...[shared, ...heads].map(read)];
    };
    const eager = run(false);
    run(true).forEach((found, index) => {
      expect(distance(found, eager[index]!)).toBeLessThan(1e-6);
    });
  });

  test('verify compares the first run of each trace, draws included', () => {
    const weight = tf.variable(tf.ones([50]));
    const options = {
      state: [weight],
      entries: {
        step() {
          const y = tf.dropout(tf.mul(weight, 3), 0.5);
          weight.assign(tf.add(weight, y));
          return { y };
        },
      },
    };
    const program = engine.program({ ...options, verify: 0 });
    expect(only(program.entries.step())).not.toEqual(only(program.entries.step()));
    program.dispose();
    const impossible = engine.program({ ...options, verify: -1 });
    expect(() => impossible.entries.step()).toThrow(/another output 'y' than the function itself/);
    impossible.dispose();
  });

  test('keeps nothing: tensors are as many after 1,000 steps, and none after dispose', () => {
    const { state, inputs, train } = networks.mlp();
    const before = tf.memory().numTensors;
    const program = engine.program({ state, entries: { train } });
    program.entries.train(inputs).loss.dispose();
    const first = tf.memory().numTensors;
    for (let step = 0; step < 1000; step++) program.entries.train(inputs).loss.dispose();
    expect(tf.memory().numTensors).toBe(first);
    program.dispose();
    expect(tf.memory().numTensors).toBe(before);
    expect(temporary()).toEqual([]);
    expect(() => program.entries.train(inputs)).toThrow(/is disposed/);
  });

  test('an error of TensorFlow names the entry', () => {
    const table = tf.variable(tf.ones([3, 2]));
    const program = engine.program({
      state: [table],
      entries: { look: ({ words }: { words: tf.Tensor1D }) => ({ y: tf.gather(table, words) }) },
    });
    only(program.entries.look({ words: tf.tensor1d([0, 2], 'int32') }));
    expect(() => program.entries.look({ words: tf.tensor1d([0, 7], 'int32') })).toThrow(
      /entry 'look' failed. TensorFlow says: .*indices/s,
    );
    program.dispose();
  });
});

test('folders of dead processes are swept; those of living ones and young ones are not', async () => {
  const parent = mkdtempSync(join(tmpdir(), 'sweep-'));
  const child = spawn(process.execPath, ['-e', '']);
  await once(child, 'exit');
  const make = (name: string, age: number) => {
    const folder = join(parent, name);
    mkdirSync(folder);
    utimesSync(folder, (Date.now() - age) / 1000, (Date.now() - age) / 1000);
    return folder;
  };
  const dead = make(`espalier-program-${child.pid}-a`, 1e6);
  const others = [
    make(`espalier-program-${child.pid}-b`, 0),
    make(`espalier-program-${process.pid}-c`, 1e6),
    make('something-else', 1e6),
  ];
  sweep(parent);
  expect(existsSync(dead)).toBe(false);
  expect(others.every((folder) => existsSync(folder))).toBe(true);
});
