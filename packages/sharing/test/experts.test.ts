import { StageError } from '@espalier/core';
import {
  cgc,
  dselectK,
  gateUse,
  gateUseTable,
  hardSharing,
  mmoe,
  ple,
  SharingError,
} from '@espalier/sharing';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, test } from 'vitest';
import { dense, type Matrix, softmax, times } from './by-hand.js';
import {
  bareModel,
  difference,
  drawWeights,
  examples,
  numbers,
  outputs,
  own,
  reachedLayers,
  rebuilt,
  setWeights,
  testConformance,
  weightsOf,
} from './models.js';
import { denseTrunk, trunks } from './trunks.js';

testConformance('MMoE', mmoe({ experts: 2 }));
testConformance('CGC', cgc({ shared: 1, own: 1, from: 'high' }));
testConformance('PLE', ple({ shared: 2, own: 1 }));
testConformance('DSelect-k', dselectK({ experts: 4, select: 2 }));

const tasks = ['a', 'b', 'c'];
const inputs: Matrix = examples(denseTrunk).map(({ input }) => [...input]);
const draw = (name: string, size: number) => numbers(size, name.length + name.charCodeAt(0));

type Weights = ReadonlyMap<string, Float32Array>;

/** Σ over experts of the gate's weight times the expert's features, for every example. */
function mixture(gate: Matrix, experts: readonly Matrix[]): Matrix {
  return gate.map((weights, example) =>
    experts[0][example].map((_, channel) =>
      weights.reduce((sum, weight, expert) => sum + weight * experts[expert][example][channel], 0),
    ),
  );
}

const gateOf = (features: Matrix, weights: Weights, name: string) =>
  times(features, weights.get(`${name}/kernel`)!).map(softmax);

const expert = (
  features: Matrix,
  weights: Weights,
  prefix: string,
  index: number,
  stages = ['low', 'high'],
) =>
  stages.reduce(
    (rows, stage) => dense(rows, weights, `${prefix}${stage}/expert${index}`, Math.tanh),
    features,
  );

describe('the formulas, computed by hand', () => {
  test('MMoE, section 4.2', async () => {
    const model = bareModel(mmoe({ experts: 3 }));
    const weights = await drawWeights(model);
    const experts = [0, 1, 2].map((index) => expert(inputs, weights, '', index));
    const expected = tasks.map((task) => mixture(gateOf(inputs, weights, `${task}/gate`), experts).flat());
    expect(difference(outputs(model), expected)).toBeLessThan(1e-5);
  });

  test('CGC, section 4.1', async () => {
    const model = bareModel(cgc({ shared: 2, own: 1 }));
    const weights = await drawWeights(model);
    const expected = tasks.map((task) => {
      const seen = [
        expert(inputs, weights, `${task}/`, 0),
        expert(inputs, weights, '', 0),
        expert(inputs, weights, '', 1),
      ];
      return mixture(gateOf(inputs, weights, `${task}/gate`), seen).flat();
    });
    expect(difference(outputs(model), expected)).toBeLessThan(1e-5);
  });

  test('PLE, section 4.2', async () => {
    const model = bareModel(ple({ shared: 2, own: 1 }));
    const weights = await drawWeights(model);
    let features = tasks.map(() => inputs);
    let common = inputs;
    for (const stage of ['low', 'high']) {
      const own = tasks.map((task, index) => expert(features[index], weights, `${task}/`, 0, [stage]));
      const shared = [0, 1].map((index) => expert(common, weights, '', index, [stage]));
      features = tasks.map((task, index) =>
        mixture(gateOf(features[index], weights, `${task}/${stage}/gate`), [own[index], ...shared]),
      );
      if (stage === 'low') {
        common = mixture(gateOf(common, weights, 'low/gate'), [...own, ...shared]);
      }
    }
    const expected = features.map((rows) => rows.flat());
    expect(difference(outputs(model), expected)).toBeLessThan(1e-5);
  });

  test('DSelect-k, section 2.2', async () => {
    const model = bareModel(dselectK({ experts: 4, select: 2 }));
    await setWeights(model, (name, size) => draw(name, size).map((value) => 0.6 * value));
    const weights = await weightsOf(model);
    const step = (t: number) => (t <= -0.5 ? 0 : t >= 0.5 ? 1 : -2 * t ** 3 + 1.5 * t + 0.5);
    const experts = [0, 1, 2, 3].map((index) => expert(inputs, weights, '', index));
    const expected = tasks.map((task) => {
      const codes = weights.get(`${task}/gate/codes`)!;
      const choice = softmax([...weights.get(`${task}/gate/logits`)!]);
      const gate = [0, 1, 2, 3].map((code) =>
        choice.reduce((sum, weight, selector) => {
          const [low, high] = [step(codes[2 * selector]), step(codes[2 * selector + 1])];
          return sum + weight * (code & 1 ? low : 1 - low) * (code & 2 ? high : 1 - high);
        }, 0),
      );
      return mixture(
        inputs.map(() => gate),
        experts,
      ).flat();
    });
    expect(difference(outputs(model), expected)).toBeLessThan(1e-5);
  });
});

describe('limits', () => {
  for (const [name, trunk] of Object.entries(trunks)) {
    for (const [strategy, sharing] of Object.entries({
      MMoE: mmoe({ experts: 1 }),
      CGC: cgc({ shared: 1, own: 0 }),
      PLE: ple({ shared: 1, own: 0 }),
    })) {
      test(`${strategy} with one expert is hard sharing of ${name}`, () => {
        const model = bareModel(sharing, trunk);
        const hard = bareModel(hardSharing(), trunk);
        expect(outputs(model)).toEqual(outputs(hard));
        expect(model.countParams()).toBe(hard.countParams());
      });
    }
  }
});

describe("a task's loss reaches", () => {
  test('of MMoE all experts, and its own gate', () => {
    const experts = [0, 1].flatMap((index) => [`low/expert${index}`, `high/expert${index}`]);
    expect(reachedLayers(bareModel(mmoe({ experts: 2 })), 'b')).toEqual(['b/gate', ...experts].sort());
  });

  test('of CGC its own experts and the shared ones behind the shared stages', () => {
    expect(reachedLayers(bareModel(cgc({ shared: 1, own: 1, from: 'high' })), 'b')).toEqual([
      'b/gate',
      'b/high/expert0',
      'high/expert0',
      'low',
    ]);
  });

  test("of PLE the others' experts below the last level only", () => {
    const reached = [
      'b/high/expert0',
      'b/high/gate',
      'b/low/gate',
      'high/expert0',
      'low/expert0',
      'low/gate',
    ];
    expect(reachedLayers(bareModel(ple({ shared: 1, own: 1 })), 'b')).toEqual(
      [...reached, ...tasks.map((task) => `${task}/low/expert0`)].sort(),
    );
  });
});

describe('gate use', () => {
  test('tells the mean weight of every expert, and leaves no tensor behind', async () => {
    const model = bareModel(cgc({ shared: 2, own: 1 }));
    const weights = await weightsOf(model);
    const batch = own(model.stack(inputs.map((row) => Float32Array.from(row))));
    const before = tf.memory().numTensors;
    const use = await gateUse(model, batch);
    expect(tf.memory().numTensors).toBe(before);
    expect([...use.keys()]).toEqual(tasks.map((task) => `${task}/gate`));
    for (const task of tasks) {
      const gates = gateOf(inputs, weights, `${task}/gate`);
      for (const index of [0, 1, 2]) {
        const mean = gates.reduce((sum, gate) => sum + gate[index], 0) / gates.length;
        expect([...use.get(`${task}/gate`)!.values()][index]).toBeCloseTo(mean, 5);
      }
      expect([...use.get(`${task}/gate`)!.keys()]).toEqual([
        `${task}/high/expert0`,
        'high/expert0',
        'high/expert1',
      ]);
    }
  });

  test('is told as a table', async () => {
    const model = bareModel(ple({ shared: 1, own: 1 }));
    const lines = gateUseTable(await gateUse(model, own(tf.zeros([2, 3])))).split('\n');
    // Two experts for each of three tasks at two stages, and four for the shared gate of the first.
    expect(lines).toHaveLength(2 + 3 * 2 * 2 + 4);
    expect(lines).toContainEqual(
      expect.stringMatching(/^\| b\/low\/gate +\| +0\.500 \| +b\/low\/expert0 \|$/),
    );
    expect(lines.filter((line) => line.startsWith('| low/gate'))).toHaveLength(4);
  });

  test('needs gates', async () => {
    const batch = own(tf.zeros([1, 3]));
    await expect(gateUse(bareModel(hardSharing()), batch)).rejects.toThrow(/sharing "hard" has no gates/);
  });
});

test('the entropy makes DSelect-k decide for at most k experts', async () => {
  const model = bareModel(dselectK({ experts: 4, select: 2, entropy: 1 }));
  const optimizer = tf.train.sgd(0.05);
  const losses = () => tf.addN(model.network.calculateLosses()) as tf.Scalar;
  for (let step = 0; step < 300; step++) {
    optimizer.minimize(
      losses,
      false,
      model.variables.filter(({ name }) => name.includes('codes')),
    );
  }
  optimizer.dispose();
  const use = await gateUse(model, own(tf.zeros([1, 3])));
  for (const experts of use.values()) {
    const weights = [...experts.values()];
    expect(weights.filter((weight) => weight > 1e-6).length).toBeLessThanOrEqual(2);
    expect(weights.reduce((sum, weight) => sum + weight)).toBeCloseTo(1, 5);
  }
});

test('networks made from their configs give equal outputs', () => {
  for (const sharing of [ple({ shared: 2, own: 1 }), dselectK({ experts: 2, select: 1 })]) {
    const model = bareModel(sharing);
    const again = own(rebuilt(model));
    tf.tidy(() => {
      const batch = model.stack(inputs.map((row) => Float32Array.from(row)));
      const given = again.predict(batch) as tf.Tensor[];
      expect(given.map((output) => [...output.dataSync()])).toEqual(outputs(model));
    });
  }
});

test('refuses counts below one, unknown stages, and codes that do not name every expert', () => {
  expect(() => mmoe({ experts: 0 })).toThrow(SharingError);
  expect(() => mmoe({ experts: 1.5 })).toThrow(/`experts` is 1.5/);
  expect(() => cgc({ shared: 0, own: 1 })).toThrow(/`shared` is 0/);
  expect(() => ple({ shared: 1, own: -1 })).toThrow(/`own` is -1/);
  expect(() => dselectK({ experts: 3, select: 1 })).toThrow(/power of two/);
  expect(() => dselectK({ experts: 2, select: 3 })).toThrow(/`select` is 3/);
  expect(() => dselectK({ experts: 2, select: 0 })).toThrow(/`select` is 0/);
  expect(() => bareModel(mmoe({ experts: 2, from: 'middle' }))).toThrow(StageError);
  expect(() => bareModel(mmoe({ experts: 2, from: 'middle' }))).toThrow(/"middle".*stages are low, high/);
});
