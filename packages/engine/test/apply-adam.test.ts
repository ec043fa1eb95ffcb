import '@tensorflow/tfjs-layers';
import * as tf from '@tensorflow/tfjs-core';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import * as engine from '../src/index.js';
import { distance, random } from './both-backends.js';
import { graphsOf } from './graphs-of.js';
import { isNativeInstalled } from './native-installed.js';

const isNative = await isNativeInstalled();
const beta1 = 0.9;
const beta2 = 0.99;

const read = (tensor: tf.Tensor) => tensor.dataSync<'float32'>().slice();

function moments() {
  return {
    variable: tf.variable(random([7, 5], 1)),
    mean: tf.variable(tf.zeros([7, 5]), false),
    square: tf.variable(tf.zeros([7, 5]), false),
  };
}

/** Adam in numbers, as the docstring has it. */
function adamInNumbers(start: Float32Array, gradients: readonly Float32Array[], step: number, small: number) {
  return start.map((value, index) => {
    let [x, m, v] = [value, 0, 0];
    for (const gradient of gradients) {
      const g = gradient[index]!;
      m += (1 - beta1) * (g - m);
      v += (1 - beta2) * (g * g - v);
      x -= (step * m) / (Math.sqrt(v) + small);
    }
    return x;
  });
}

describe('applyAdam', () => {
  beforeEach(() => engine.use('cpu'));

  test('is the update that it says', () => {
    const held = moments();
    const start = read(held.variable);
    const gradients = [2, 3, 4].map((seed) => random([7, 5], seed));
    const before = tf.memory().numTensors;
    for (const gradient of gradients) {
      engine.applyAdam({ ...held, gradient, beta1, beta2, stepSize: 0.1, epsilon: 1e-3 });
    }
    expect(tf.memory().numTensors).toBe(before);
    const expected = adamInNumbers(start, gradients.map(read), 0.1, 1e-3);
    expect(distance(read(held.variable), expected)).toBeLessThan(1e-6);
  });
});

describe.skipIf(!isNative)('applyAdam in a traced program', () => {
  beforeEach(() => engine.use('native'));
  afterEach(() => {
    tf.disposeVariables();
  });

  /** Five steps of an entry on one weight, and what is left of it. */
  function trained(
    traced: boolean,
    step: (held: ReturnType<typeof moments>, gradient: tf.Tensor, rate: tf.Scalar) => engine.NamedTensors,
  ) {
    const held = moments();
    const program = engine.program({
      state: Object.values(held),
      traced,
      entries: {
        train: ({ gradient, rate }: { gradient: tf.Tensor; rate: tf.Scalar }) => step(held, gradient, rate),
      },
    });
    const outputs = [2, 3, 4, 5, 6].map((seed) => {
      const gradient = random([7, 5], seed);
      return Object.values(program.entries.train({ gradient, rate: tf.scalar(seed / 100) }));
    });
    program.dispose();
    // Read at the end: a later step must leave alone what an earlier one gave.
    return [...outputs.flat(), ...Object.values(held)].map(read);
  }

  const adam = { beta1, beta2, epsilon: 1e-3 };

  test.each<[string, Parameters<typeof trained>[1]]>([
    [
      'on its own',
      (held, gradient, stepSize) => {
        engine.applyAdam({ ...held, ...adam, gradient, stepSize });
        return {};
      },
    ],
    [
      'after the weight decayed, with what it was before and is afterwards as outputs',
      (held, gradient, stepSize) => {
        const before = tf.clone(held.variable);
        held.variable.assign(tf.mul(held.variable, 0.9));
        const between = tf.square(held.variable);
        engine.applyAdam({ ...held, ...adam, gradient, stepSize });
        return { before, between, after: tf.square(held.variable), mean: tf.clone(held.mean) };
      },
    ],
    [
      'twice, with a reading in between',
      (held, gradient, stepSize) => {
        engine.applyAdam({ ...held, ...adam, gradient, stepSize });
        const between = tf.square(held.variable);
        engine.applyAdam({ ...held, ...adam, gradient: between, stepSize });
        return { between, sum: tf.add(between, held.variable) };
      },
    ],
    [
      'undone by an assignment',
      (held, gradient, stepSize) => {
        const before = tf.clone(held.variable);
        engine.applyAdam({ ...held, ...adam, gradient, stepSize });
        const after = tf.square(held.variable);
        held.variable.assign(before);
        return { after };
      },
    ],
  ])('gives what it gives elsewhere: %s', (_name, step) => {
    const [traced, eager] = [trained(true, step), trained(false, step)];
    expect(traced.length).toBe(eager.length);
    traced.forEach((found, index) => {
      expect(distance(found, eager[index]!), `result ${index}`).toBeLessThan(1e-6);
    });
  });

  test('is one operation of the graph, which `verify` compares', () => {
    const held = moments();
    const program = engine.program({
      state: Object.values(held),
      verify: true,
      entries: {
        train({ gradient }: { gradient: tf.Tensor }) {
          engine.applyAdam({ ...held, ...adam, gradient, stepSize: 0.1 });
          return {};
        },
      },
    });
    const graph = graphsOf(() => program.entries.train({ gradient: random([7, 5], 2) }));
    program.dispose();
    expect(graph.match(/ResourceApplyAdam/g)).toHaveLength(1);
    expect(graph).not.toMatch(/Sqrt/);
  });

  test('refuses a variable that is not in the state, by name', () => {
    const held = moments();
    const stranger = tf.variable(tf.zeros([7, 5]), false, 'forgotten');
    const program = engine.program({
      state: [held.variable, held.mean],
      entries: {
        train({ gradient }: { gradient: tf.Tensor }) {
          engine.applyAdam({ ...held, square: stranger, ...adam, gradient, stepSize: 0.1 });
          return {};
        },
      },
    });
    expect(() => program.entries.train({ gradient: random([7, 5], 2) })).toThrow(/'forgotten'/);
    program.dispose();
  });
});
