import { disposeBatch, multiTaskModel, seededRandom, TaskError } from '@espalier/core';
import {
  affinityMonitor,
  branchedSharing,
  featureSimilarity,
  gradientCosines,
  groupTasks,
  hardSharing,
  interferenceMonitor,
  linearCka,
  matrixTable,
  SharingError,
  startHeadsAtZero,
  type TaskMatrix,
  taskAffinity,
  transferMatrix,
} from '@espalier/sharing';
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { describe, expect, test } from 'vitest';
import { type BareModel, bare, bareModel, examples, numbers, outputs, own, separate } from '../models.js';
import { denseTrunk } from '../trunks.js';
import { family, groupsOf, trainFamily } from './family.js';

function ownBatch(model: BareModel) {
  const batch = model.batch(examples(model));
  own({ dispose: () => disposeBatch(batch) });
  return batch;
}

const lossesOf = (model: BareModel, batch: ReturnType<typeof ownBatch>) =>
  tf.tidy(() => {
    const { a, b, c } = model.losses(batch, { training: false });
    return [a, b, c].map((loss) => loss!.dataSync()[0]);
  });

describe('task affinity', () => {
  test('is the share of a loss that a step along another gradient takes away', async () => {
    const model = bareModel(hardSharing());
    const batch = ownBatch(model);
    const before = tf.memory().numTensors;
    const affinity = await taskAffinity(model, batch, { learningRate: 0.1 });
    expect(tf.memory().numTensors).toBe(before);

    const losses = lossesOf(model, batch);
    const optimizer = tf.train.sgd(0.1);
    optimizer.minimize(() => model.losses(batch, { training: false }).a!, false, model.variables);
    optimizer.dispose();
    const after = lossesOf(model, batch);
    for (const [index, task] of ['a', 'b', 'c'].entries()) {
      expect(affinity.get('a')!.get(task)).toBeCloseTo(1 - after[index] / losses[index], 5);
    }
    expect(affinity.get('a')!.get('a')).toBeGreaterThan(0);
  });

  test('of separate networks is zero, and the weights stay as they are', async () => {
    const model = bareModel(separate);
    const batch = ownBatch(model);
    const losses = lossesOf(model, batch);
    const affinity = await taskAffinity(model, batch, { learningRate: 1 });
    expect([...affinity.values()].flatMap((row) => [...row.values()])).toEqual(new Array(9).fill(0));
    const shared = bareModel(hardSharing());
    const weights = await shared.exportWeights();
    await taskAffinity(shared, batch, { learningRate: 1 });
    expect([...(await shared.exportWeights()).weights]).toEqual([...weights.weights]);
    expect(lossesOf(model, batch)).toEqual(losses);
  });
});

describe('the affinity monitor', () => {
  test('weighs batches by their losses', async () => {
    const model = bareModel(hardSharing());
    const batches = [ownBatch(model), model.batch(examples(model, 5).slice(3))];
    own({ dispose: () => disposeBatch(batches[1]) });
    const monitor = affinityMonitor(model, { learningRate: 0.1 });
    let [before, after] = [0, 0];
    for (const batch of batches) {
      const [, loss] = lossesOf(model, batch);
      const affinity = await taskAffinity(model, batch, { learningRate: 0.1 });
      before += loss;
      after += loss * (1 - affinity.get('a')!.get('b')!);
      await monitor.observe(batch);
    }
    expect(monitor.matrix().get('a')!.get('b')).toBeCloseTo(1 - after / before, 5);
    expect(monitor.table()).toBe(matrixTable(monitor.matrix()));
  });

  test('refuses to tell of tasks that never had labels together', async () => {
    const model = bareModel(hardSharing());
    const batch = model.batch(
      examples(model).map(({ input, labels }) => ({ input, labels: { ...labels, b: undefined } })),
    );
    own({ dispose: () => disposeBatch(batch) });
    const monitor = affinityMonitor(model, { learningRate: 0.1 });
    await monitor.observe(batch);
    expect(() => monitor.matrix()).toThrow(TaskError);
    expect(() => monitor.matrix()).toThrow(/"a": no batch that was observed .* "b"/);
  });
});

test('heads begin at zero behind their last kernels, and the trunk stays as it is', async () => {
  const last = tfl.layers.dense({ name: 'deep/out', units: 2 });
  const deep = {
    ...bare,
    connect: (features: readonly tfl.SymbolicTensor[], task: string) =>
      [
        tfl.layers.dense({ name: `${task}/inner`, units: 3 }),
        task === 'a' ? last : tfl.layers.dense({ name: `${task}/out`, units: 2 }),
        tfl.layers.reshape({ name: `${task}/shape`, targetShape: [2] }),
      ].reduce((output, layer) => layer.apply(output) as tfl.SymbolicTensor, features[features.length - 1]),
  };
  const model = own(
    multiTaskModel({ ...denseTrunk, sharing: hardSharing(), heads: { a: deep, b: deep }, seed: 1 }),
  );
  const before = await model.exportWeights();
  startHeadsAtZero(model);
  const changed = [...(await model.exportWeights()).weights].filter(([name, { values }]) =>
    values.some((value, index) => value !== before.weights.get(name)!.values[index]),
  );
  expect(changed.map(([name]) => name)).toEqual(['deep/out/kernel', 'b/out/kernel']);
  expect(changed.every(([, { values }]) => values.every((value) => value === 0))).toBe(true);
});

describe('gradient cosines', () => {
  test('are those of the gradients that `tf.variableGrads` gives, stage by stage', async () => {
    const model = bareModel(hardSharing());
    const batch = ownBatch(model);
    const before = tf.memory().numTensors;
    const cosines = await gradientCosines(model, batch);
    expect(tf.memory().numTensors).toBe(before);
    expect(cosines.map(({ stage, tasks }) => `${stage} ${tasks.join('')}`)).toEqual(
      ['low', 'high'].flatMap((stage) => ['ab', 'ac', 'bc'].map((pair) => `${stage} ${pair}`)),
    );
    const gradient = (task: string, stage: string) =>
      tf.tidy(() => {
        const { grads } = tf.variableGrads(
          () => model.losses(batch, { training: false })[task as 'a']!,
          model.variables,
        );
        const weights = model.network.getLayer(stage).trainableWeights;
        return weights.flatMap(({ name }) => [...grads[name].dataSync()]);
      });
    const dot = (x: number[], y: number[]) => x.reduce((sum, value, index) => sum + value * y[index], 0);
    for (const { stage, tasks, cosine } of cosines) {
      const [a, b] = tasks.map((task) => gradient(task, stage));
      expect(cosine).toBeCloseTo(dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b)), 5);
    }
  });

  test('take in what a strategy shares in a stage, between the tasks that share it', async () => {
    const branched = bareModel(branchedSharing({ forks: { high: [['a', 'c'], ['b']] } }));
    const pairs = (await gradientCosines(branched, ownBatch(branched))).map(({ stage, tasks }) => [
      stage,
      ...tasks,
    ]);
    expect(pairs).toEqual([
      ['low', 'a', 'b'],
      ['low', 'a', 'c'],
      ['low', 'b', 'c'],
      ['high', 'a', 'c'],
    ]);
    const separated = bareModel(separate);
    expect(await gradientCosines(separated, ownBatch(separated))).toEqual([]);
  });

  test('of a batch without the label of a task leave it out, and errors leave nothing behind', async () => {
    const model = bareModel(hardSharing());
    const batch = model.batch(
      examples(model).map(({ input, labels }) => ({ input, labels: { ...labels, b: undefined } })),
    );
    own({ dispose: () => disposeBatch(batch) });
    expect((await gradientCosines(model, batch)).map(({ tasks }) => tasks)).toEqual([
      ['a', 'c'],
      ['a', 'c'],
    ]);
    const before = tf.memory().numTensors;
    const other = own(tf.zeros([3, 5]));
    await expect(gradientCosines(model, { ...batch, inputs: other })).rejects.toThrow(
      /expected \[batch, 3\]/,
    );
    expect(tf.memory().numTensors).toBe(before + 1);
  });
});

describe('the interference monitor', () => {
  test('counts conflicts by stage and pair, over the training', async () => {
    const model = bareModel(hardSharing());
    const batch = ownBatch(model);
    const monitor = interferenceMonitor(model);
    const measured: number[] = [];
    const optimizer = tf.train.sgd(0.3);
    for (let step = 0; step < 6; step++) {
      await monitor.observe(batch);
      measured.push((await gradientCosines(model, batch))[1].cosine);
      optimizer.minimize(() => model.losses(batch, { training: true }).a!, false, model.variables);
    }
    optimizer.dispose();
    const report = monitor.report();
    expect(report).toHaveLength(6);
    const pair = report.find(({ stage, tasks }) => stage === 'low' && tasks.join('') === 'ac')!;
    expect(pair.cosines).toEqual(measured);
    expect(pair.conflicts).toBe(measured.filter((cosine) => cosine < 0).length / 6);
    expect(pair.meanCosine).toBeCloseTo(measured.reduce((sum, value) => sum + value) / 6, 6);
    expect(report.some(({ conflicts }) => conflicts > 0)).toBe(true);
    const conflicts = report.map((entry) => entry.conflicts);
    expect(conflicts).toEqual([...conflicts].sort((a, b) => b - a));
    const lines = monitor.table().split('\n');
    expect(lines).toHaveLength(8);
    expect(lines[0]).toMatch(/stage .* tasks .* batches .* conflicts .* mean cosine .* first third/);
    expect(lines.find((line) => /low .* a × c/.test(line))).toContain(' 6 |');
  });

  test('has an empty table before the first batch', () => {
    expect(interferenceMonitor(bareModel(hardSharing())).table().split('\n')).toHaveLength(2);
  });
});

describe('the transfer matrix', () => {
  const losses: Record<string, Record<string, number>> = {
    a: { a: 2 },
    b: { b: 4 },
    c: { c: 1 },
    'a b': { a: 1, b: 5 },
    'a c': { a: 2, c: 0.5 },
    'b c': { b: 3, c: 1.5 },
  };

  test('trains every task alone and every pair, one after another, and tells what each gains', async () => {
    const trained: string[] = [];
    let running = 0;
    const matrix = await transferMatrix(['a', 'b', 'c'], async (tasks) => {
      expect(++running).toBe(1);
      trained.push(tasks.join(' '));
      await new Promise((resolve) => setTimeout(resolve));
      running--;
      return losses[tasks.join(' ')];
    });
    expect(trained).toEqual(['a', 'b', 'c', 'a b', 'a c', 'b c']);
    expect(
      Object.fromEntries([...matrix].map(([row, entries]) => [row, Object.fromEntries(entries)])),
    ).toEqual({
      a: { a: 0, b: -0.25, c: 0.5 },
      b: { a: 0.5, b: 0, c: -0.5 },
      c: { a: 0, b: 0.25, c: 0 },
    });
    expect(matrixTable(matrix, 2).split('\n')[2]).toBe('| a   | 0.00 | -0.25 |  0.50 |');
  });

  test.each([
    ['missing', {}, /"a": its loss after training a is undefined/],
    ['not finite', { a: Number.NaN }, /"a": its loss after training a is NaN/],
    ['zero alone', { a: 0 }, /expected a finite number above 0/],
  ])('refuses a loss that is %s', async (_, given, message) => {
    const train = async () => given;
    await expect(transferMatrix(['a', 'b'], train)).rejects.toThrow(TaskError);
    await expect(transferMatrix(['a', 'b'], train)).rejects.toThrow(message);
  });
});

describe('the similarity of features', () => {
  test('is 1 where tasks share them, and the CKA of their copies elsewhere', async () => {
    const model = bareModel(branchedSharing({ forks: { high: [['a', 'c'], ['b']] } }));
    const inputs = own(model.stack(examples(model, 5).map(({ input }) => input)));
    const before = tf.memory().numTensors;
    const similarity = await featureSimilarity(model, inputs);
    expect(tf.memory().numTensors).toBe(before);
    expect(similarity.get('low')!.get('a')!.get('b')).toBeCloseTo(1, 5);
    expect(similarity.get('high')!.get('a')!.get('c')).toBeCloseTo(1, 5);
    const [a, b] = outputs(model, 5).map((values) => own(tf.tensor2d(values, [5, 2])));
    const expected = await linearCka(a, b);
    expect(similarity.get('high')!.get('b')!.get('a')).toBeCloseTo(expected, 5);
    expect(expected).toBeLessThan(0.99);
  });

  test('refuses a single example, and inputs of another shape', async () => {
    const model = bareModel(hardSharing());
    await expect(featureSimilarity(model, own(tf.zeros([1, 3])))).rejects.toThrow(SharingError);
    await expect(featureSimilarity(model, own(tf.zeros([2, 4])))).rejects.toThrow(/expected \[batch, 3\]/);
  });
});

describe('CKA', () => {
  test('ignores rotation, scale and shift, and tells unlike features apart', async () => {
    const x = own(tf.tensor2d(numbers(12), [6, 2]));
    const turned = own(
      tf.tidy(() => tf.add(tf.mul(tf.matMul(x, tf.tensor2d([0.6, -0.8, 0.8, 0.6], [2, 2])), 3), 5)),
    );
    expect(await linearCka(x, turned)).toBeCloseTo(1, 4);
    // Two centered features that are orthogonal over the examples.
    const first = own(tf.tensor2d([1, 1, -1, -1], [4, 1]));
    const second = own(tf.tensor2d([1, -1, 1, -1], [4, 1]));
    expect(await linearCka(first, second)).toBeCloseTo(0, 6);
    const both = own(tf.concat([first, second], 1));
    expect(await linearCka(first, both)).toBeCloseTo(1 / Math.sqrt(2), 5);
  });

  test('refuses other examples', async () => {
    await expect(linearCka(own(tf.zeros([2, 1])), own(tf.zeros([3, 1])))).rejects.toThrow(SharingError);
  });
});

const matrix = (tasks: readonly string[], entry: (row: number, column: number) => number): TaskMatrix =>
  new Map(tasks.map((row, i) => [row, new Map(tasks.map((column, j) => [column, entry(i, j)]))]));

describe('grouping', () => {
  /** Every partition of a list. */
  function* partitions(tasks: readonly string[]): Generator<string[][]> {
    const [first, ...others] = tasks;
    if (first === undefined) {
      yield [];
      return;
    }
    for (const partition of partitions(others)) {
      yield [[first], ...partition];
      for (let index = 0; index < partition.length; index++) {
        yield partition.map((group, place) => (place === index ? [first, ...group] : group));
      }
    }
  }

  test('finds the best of all partitions within a budget', () => {
    const tasks = ['a', 'b', 'c', 'd', 'e', 'f'];
    for (let seed = 0; seed < 20; seed++) {
      const random = seededRandom(seed);
      const affinity = matrix(tasks, () => random() - 0.4);
      const cost = (group: readonly string[]) => 1 + 0.2 * group.length;
      const budget = 3 + 2 * random();
      let best = Number.NEGATIVE_INFINITY;
      for (const groups of partitions(tasks)) {
        if (groups.reduce((sum, group) => sum + cost(group), 0) > budget) continue;
        let sum = 0;
        for (const group of groups) {
          for (const target of group) {
            const others = group.filter((task) => task !== target);
            sum += others.reduce(
              (mean, source) => mean + affinity.get(source)!.get(target)! / others.length,
              0,
            );
          }
        }
        best = Math.max(best, sum);
      }
      const found = groupTasks({ affinity, budget, cost });
      expect(found.affinity).toBeCloseTo(best, 10);
      expect(found.cost).toBeLessThanOrEqual(budget);
      expect(found.groups.flat().sort()).toEqual(tasks);
    }
  });

  test('is exact for twelve tasks in a moment', () => {
    const tasks = Array.from({ length: 12 }, (_, index) => `t${index}`);
    const affinity = matrix(tasks, (i, j) => (i % 4 === j % 4 ? 0.5 : -0.1));
    const { groups } = groupTasks({ affinity, budget: 12 });
    expect(groups.map((group) => [...group])).toEqual(
      [0, 1, 2, 3].map((rest) => tasks.filter((_, index) => index % 4 === rest)),
    );
  }, 5_000);

  test('refuses a budget that no grouping meets, and affinities that are not finite', () => {
    const affinity = matrix(['a', 'b'], () => 1);
    expect(() => groupTasks({ affinity, budget: 0 })).toThrow(SharingError);
    expect(() => groupTasks({ affinity, budget: 0 })).toThrow(/a, b meets the budget of 0; .* costs 1/);
    const broken = matrix(['a', 'b'], (i) => (i === 1 ? Number.NaN : 1));
    expect(() => groupTasks({ affinity: broken, budget: 2 })).toThrow(TaskError);
    expect(() => groupTasks({ affinity: new Map(), budget: 2 })).toThrow(/0 tasks/);
  });
});

test('of generated families, affinity ranks the partners first and the search finds the groups', async () => {
  let ranked = 0;
  let grouped = 0;
  for (let seed = 0; seed < 10; seed++) {
    const { affinity } = await trainFamily(family(seed), seed);
    const partners = [...affinity].every(([source, row]) => {
      const [best] = [...row].filter(([task]) => task !== source).sort((a, b) => b[1] - a[1]);
      return best[0][0] === source[0];
    });
    if (partners) ranked++;
    const { groups } = groupTasks({ affinity, budget: 2 });
    if (JSON.stringify(groups) === JSON.stringify(groupsOf)) grouped++;
  }
  expect({ ranked, grouped }).toEqual({
    ranked: expect.toSatisfy((count: number) => count >= 9),
    grouped: expect.toSatisfy((count: number) => count >= 9),
  });
});
