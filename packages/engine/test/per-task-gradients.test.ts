import '@tensorflow/tfjs-layers';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, test } from 'vitest';
import * as engine from '../src/index.js';
import { distance, memory, random } from './both-backends.js';
import { isNativeInstalled } from './native-installed.js';

const names = [...((await isNativeInstalled()) ? ['native' as const] : []), 'wasm', 'cpu'] as const;

/** Three tasks on one convolved trunk; the third reaches the trunk only. */
function network() {
  const trunk = tf.variable(random<tf.Rank.R4>([3, 3, 2, 4], 1));
  const heads = [2, 3].map((seed) => tf.variable(random<tf.Rank.R2>([4, 1], seed)));
  const x = random<tf.Rank.R4>([5, 6, 6, 2], 4);
  let passes = 0;
  const losses = (): tf.Scalar[] => {
    passes++;
    const features = tf.mean(tf.relu(tf.conv2d(x, trunk, 1, 'same')), [1, 2]) as tf.Tensor2D;
    const outputs = [...heads.map((head) => tf.matMul(features, head)), features];
    return outputs.map((output): tf.Scalar => tf.mean(tf.square(tf.sub(output, 1))));
  };
  const variables = [trunk, ...heads];
  return { losses, variables, passes: () => passes, dispose: () => tf.dispose([x, ...variables]) };
}

describe.each(names)('perTaskGradients on %s', (name) => {
  beforeAll(async () => {
    await engine.use(name);
  });

  test('equals T calls of variableGrads, from one forward pass', () => {
    const { losses, variables, passes, dispose } = network();
    const before = memory();
    const found = engine.perTaskGradients(losses, variables);
    expect(passes()).toBe(1);
    for (const task of [0, 1, 2]) {
      const { value, grads } = tf.variableGrads(() => losses()[task]!, variables);
      expect(found.losses[task]!.dataSync()[0]).toBe(value.dataSync()[0]);
      variables.forEach((variable, index) => {
        const gradient = found.gradients[task]![index]!;
        const expected = grads[variable.name] ?? tf.zeros(variable.shape);
        expect(gradient.shape).toEqual(variable.shape);
        expect(distance(gradient.dataSync(), expected.dataSync())).toBeLessThan(1e-6);
        expected.dispose();
      });
      tf.dispose([value, grads]);
    }
    tf.dispose([...found.losses, ...found.gradients.flat()]);
    expect(memory()).toEqual(before);
    dispose();
  });

  test('a variable that a loss does not reach has zeros', () => {
    const { losses, variables, dispose } = network();
    tf.tidy(() => {
      const { gradients } = engine.perTaskGradients(losses, variables);
      const isZero = gradients.map((row) =>
        row.map((gradient) => gradient.dataSync().every((value) => value === 0)),
      );
      expect(isZero).toEqual([
        [false, false, true],
        [false, true, false],
        [false, true, true],
      ]);
    });
    dispose();
  });

  test('all tasks see one dropout mask', () => {
    const x = tf.variable(tf.ones([1000]));
    tf.tidy(() => {
      const { gradients } = engine.perTaskGradients(() => {
        const dropped = tf.dropout(tf.mul(x, 1), 0.5);
        return [tf.sum(dropped), tf.sum(dropped)];
      }, [x]);
      const [first, second] = gradients.map(([gradient]) => gradient!.dataSync());
      expect(first!.some((value) => value === 0)).toBe(true);
      expect(first).toEqual(second);
    });
    x.dispose();
  });

  test('the surrounding tidy owns the results', () => {
    const { losses, variables, dispose } = network();
    const before = memory();
    tf.tidy(() => {
      engine.perTaskGradients(losses, variables);
    });
    expect(memory()).toEqual(before);
    dispose();
  });

  test('what the function throws is passed on; nothing leaks, and the next call works', () => {
    const { losses, variables, dispose } = network();
    const before = memory();
    const failing = () => {
      losses();
      throw new RangeError('on purpose');
    };
    expect(() => engine.perTaskGradients(failing, variables)).toThrow(RangeError);
    expect(memory()).toEqual(before);
    expect(tf.engine().state.gradientDepth).toBe(0);
    const { losses: values, gradients } = engine.perTaskGradients(losses, variables);
    tf.dispose([...values, ...gradients.flat()]);
    expect(memory()).toEqual(before);
    dispose();
  });

  test('refuses what is no list of scalars, naming the task', () => {
    const x = tf.variable(tf.ones([3]));
    const before = memory();
    const run = (losses: () => readonly tf.Scalar[]) => () => engine.perTaskGradients(losses, [x]);
    expect(run(() => [])).toThrow(/at least one loss, found an empty one/);
    expect(run(() => [tf.sum(x), tf.square(x) as tf.Tensor as tf.Scalar])).toThrow(
      /loss 1 to be a scalar of float32, found float32 of shape \[3\]/,
    );
    // @ts-expect-error: an async forward pass
    expect(run(async () => [tf.scalar(1)])).toThrow(/a promise \(the function must not be async\)/);
    expect(run(() => [])).toThrow(engine.GradientError);
    x.dispose();
    expect(memory().tensors).toBeLessThanOrEqual(before.tensors);
  });

  test('refuses to run inside another gradient', () => {
    const { losses, variables, dispose } = network();
    const nested = () =>
      tf.variableGrads(() => engine.perTaskGradients(losses, variables).losses[0]!, variables);
    expect(nested).toThrow(engine.GradientError);
    expect(nested).toThrow(/outside tf\.grad/);
    dispose();
  });
});
