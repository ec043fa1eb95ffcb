import '@tensorflow/tfjs-layers';
import * as tf from '@tensorflow/tfjs-core';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import * as engine from '../src/index.js';
import { distance, random } from './both-backends.js';
import { graphsOf } from './graphs-of.js';
import { isNativeInstalled } from './native-installed.js';

const isNative = await isNativeInstalled();
const momentum = 0.8;
const read = (tensor: tf.Tensor) => tensor.dataSync<'float32'>().slice();

function held() {
  return {
    variable: tf.variable(random([7, 5], 1)),
    velocity: tf.variable(tf.zeros([7, 5]), false),
  };
}

/** The update in numbers, as the docstring has it. */
function inNumbers(start: Float32Array, gradients: readonly Float32Array[], rate: number, nesterov: boolean) {
  return start.map((value, index) => {
    let [x, v] = [value, 0];
    for (const gradient of gradients) {
      const g = gradient[index]!;
      v = momentum * v + g;
      x -= rate * (nesterov ? g + momentum * v : v);
    }
    return x;
  });
}

describe.each([false, true])('applyMomentum, nesterov %s', (nesterov) => {
  afterEach(() => {
    tf.disposeVariables();
  });

  test('is the update that it says', async () => {
    await engine.use('cpu');
    const { variable, velocity } = held();
    const start = read(variable);
    const gradients = [2, 3, 4].map((seed) => random([7, 5], seed));
    const before = tf.memory().numTensors;
    for (const gradient of gradients) {
      engine.applyMomentum({ variable, velocity, gradient, momentum, nesterov, stepSize: 0.1 });
    }
    expect(tf.memory().numTensors).toBe(before);
    const expected = inNumbers(start, gradients.map(read), 0.1, nesterov);
    expect(distance(read(variable), expected)).toBeLessThan(1e-6);
  });

  describe.skipIf(!isNative)('in a traced program', () => {
    beforeEach(() => engine.use('native'));

    test('gives what it gives elsewhere, as one operation', () => {
      const results = (traced: boolean) => {
        const state = held();
        const program = engine.program({
          state: Object.values(state),
          traced,
          entries: {
            train({ gradient, stepSize }: { gradient: tf.Tensor; stepSize: tf.Scalar }) {
              engine.applyMomentum({ ...state, gradient, momentum, nesterov, stepSize });
              return { after: tf.square(state.variable) };
            },
          },
        });
        const outputs = [2, 3, 4].map((seed) => {
          const inputs = { gradient: random([7, 5], seed), stepSize: tf.scalar(seed / 100) };
          return read(program.entries.train(inputs).after);
        });
        program.dispose();
        return [...outputs, ...Object.values(state).map(read)];
      };
      const eager = results(false);
      let traced: Float32Array[] = [];
      const graph = graphsOf(() => {
        traced = results(true);
      });
      traced.forEach((found, index) => {
        expect(distance(found, eager[index]!), `result ${index}`).toBeLessThan(1e-6);
      });
      expect(graph.match(/ResourceApplyMomentum/g)).toHaveLength(1);
      expect(graph).not.toMatch(/AddV2/);
    });
  });
});
