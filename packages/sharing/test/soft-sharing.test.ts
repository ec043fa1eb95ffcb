import { SharingError, softSharing } from '@espalier/sharing';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, test } from 'vitest';
import {
  type BareModel,
  bareModel,
  difference,
  examples,
  numbers,
  outputs,
  own,
  reachedLayers,
  rebuilt,
  separate,
  setWeights,
  testConformance,
  weightsOf,
} from './models.js';
import { trunks } from './trunks.js';

testConformance('soft sharing', softSharing({ penalty: 'squared-distance', weight: 0.1 }));
testConformance('soft sharing by trace norm', softSharing({ penalty: 'trace-norm', weight: 0.1 }));

const penalties = ['squared-distance', 'trace-norm'] as const;

for (const penalty of penalties) {
  describe(`tied by ${penalty}`, () => {
    for (const [name, trunk] of Object.entries(trunks)) {
      test(`with weight 0 it is separate networks of ${name}`, () => {
        const soft = bareModel(softSharing({ penalty, weight: 0 }), trunk);
        expect(outputs(soft)).toEqual(outputs(bareModel(separate, trunk)));
        expect(soft.network.calculateLosses()).toEqual([]);
      });
    }

    test("a task's loss reaches its own copies, and the penalty all", () => {
      const model = bareModel(softSharing({ penalty, weight: 1 }));
      expect(reachedLayers(model, 'b')).toEqual(['b/high', 'b/low']);
      tf.tidy(() => {
        const { grads } = tf.variableGrads(() => penaltyOf(model), model.variables);
        const kernels = model.variables.filter(({ rank }) => rank === 2);
        expect(kernels).toHaveLength(6);
        for (const { name } of kernels) expect(tf.max(tf.abs(grads[name])).dataSync()[0]).toBeGreaterThan(0);
      });
    });

    test('a network made from its config is tied like the first', () => {
      const model = bareModel(softSharing({ penalty, weight: 1 }));
      const again = own(rebuilt(model));
      tf.tidy(() => {
        expect(tf.addN(again.calculateLosses()).dataSync()[0]).toBe(penaltyOf(model).dataSync()[0]);
      });
    });
  });
}

/** Descends the penalty and the tasks' losses together. */
function train(model: BareModel, steps: number, rate: number): void {
  const batch = model.batch(examples(model));
  const optimizer = tf.train.sgd(rate);
  for (let step = 0; step < steps; step++) {
    optimizer.minimize(
      () => {
        const { a, b, c } = model.losses(batch, { training: true });
        return tf.addN([a!, b!, c!, ...model.network.calculateLosses()]) as tf.Scalar;
      },
      false,
      model.variables,
    );
  }
  optimizer.dispose();
  tf.dispose([batch.inputs, ...Object.values(batch.targets).flatMap(({ values, mask }) => [values, mask])]);
}

test('with a large weight the copies meet', async () => {
  const spread = async (weight: number, rate: number) => {
    const model = bareModel(softSharing({ penalty: 'squared-distance', weight }));
    train(model, 60, rate);
    const weights = await weightsOf(model);
    return difference([[...weights.get('a/low/kernel')!]], [[...weights.get('b/low/kernel')!]]);
  };
  const [free, tied] = [await spread(0, 1e-3), await spread(100, 1e-3)];
  expect(free).toBeGreaterThan(0.1);
  expect(tied).toBeLessThan(1e-3 * free);
});

test('the squared distance is that of all pairs of copies', async () => {
  const model = bareModel(softSharing({ penalty: 'squared-distance', weight: 0.5 }));
  const weights = await weightsOf(model);
  let sum = 0;
  for (const [first, second] of ['ab', 'ac', 'bc']) {
    for (const [name, values] of weights) {
      if (!name.startsWith(`${first}/`)) continue;
      const other = weights.get(name.replace(first, second))!;
      values.forEach((value, index) => {
        sum += (value - other[index]) ** 2;
      });
    }
  }
  expect(tf.tidy(() => penaltyOf(model).dataSync()[0])).toBeCloseTo(0.5 * sum, 4);
});

test('the trace norm is the sum of the singular values, of copies far and near', async () => {
  const model = bareModel(softSharing({ penalty: 'trace-norm', weight: 0.5 }));
  for (const near of [false, true]) {
    if (near) {
      // Copies that differ by a hundredth; biases stay zero.
      await setWeights(model, (name, size) =>
        name.endsWith('kernel')
          ? numbers(size).map((value, index) => value + 0.01 * numbers(size, name.charCodeAt(0))[index])
          : undefined,
      );
    }
    const weights = await weightsOf(model);
    const sum = ['low/kernel', 'high/kernel']
      .flatMap((name) => singularValues(['a', 'b', 'c'].map((task) => [...weights.get(`${task}/${name}`)!])))
      .reduce((sum, value) => sum + value);
    const norm = tf.tidy(() => penaltyOf(model).dataSync()[0]);
    expect(norm / (0.5 * sum)).toBeCloseTo(1, near ? 2 : 4);
  }
});

test('the gradient of the trace norm is that of differences', async () => {
  const model = bareModel(softSharing({ penalty: 'trace-norm', weight: 1 }));
  const kernel = model.variables.find(({ shape }) => shape.length === 2)!;
  tf.tidy(() => {
    const { grads } = tf.variableGrads(() => penaltyOf(model), model.variables);
    const step = 1e-2;
    const original = kernel.clone();
    const entry = tf.reshape(tf.oneHot(tf.tensor1d([5], 'int32'), kernel.size), kernel.shape);
    const at = (shift: number) => {
      kernel.assign(tf.add(original, tf.mul(entry, shift)));
      return penaltyOf(model).dataSync()[0];
    };
    const slope = (at(step) - at(-step)) / (2 * step);
    expect(grads[kernel.name].dataSync()[5]).toBeCloseTo(slope, 2);
  });
});

test('refuses a weight that is negative or not finite', () => {
  for (const weight of [-1, Number.NaN, Number.POSITIVE_INFINITY]) {
    expect(() => softSharing({ penalty: 'trace-norm', weight })).toThrow(SharingError);
  }
});

function penaltyOf(model: BareModel): tf.Scalar {
  return tf.addN(model.network.calculateLosses()) as tf.Scalar;
}

/** Jacobi's rotations of pairs of rows until all are orthogonal; their lengths are the singular values. */
function singularValues(rows: number[][]): number[] {
  const dot = (first: number[], second: number[]) =>
    first.reduce((sum, value, index) => sum + value * second[index], 0);
  for (let sweep = 0; sweep < 30; sweep++) {
    for (let p = 0; p < rows.length; p++) {
      for (let q = p + 1; q < rows.length; q++) {
        const angle =
          0.5 * Math.atan2(2 * dot(rows[p], rows[q]), dot(rows[p], rows[p]) - dot(rows[q], rows[q]));
        const [cos, sin] = [Math.cos(angle), Math.sin(angle)];
        const [first, second] = [rows[p], rows[q]];
        rows[p] = first.map((value, index) => cos * value + sin * second[index]);
        rows[q] = first.map((value, index) => -sin * value + cos * second[index]);
      }
    }
  }
  return rows.map((row) => Math.sqrt(dot(row, row)));
}
