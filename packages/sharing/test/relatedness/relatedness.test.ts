import { disposeBatch, seededRandom, TaskError } from '@espalier/core';
import {
  gradientCosines,
  groupTasks,
  hardSharing,
  interferenceMonitor,
  linearCka,
  SharingError,
  type TaskMatrix,
  taskAffinity,
} from '@espalier/sharing';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, test } from 'vitest';
import { type BareModel, bareModel, examples, numbers, own, separate } from '../models.js';
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

describe('gradient cosines', () => {
  test('are those of the gradients, layer by layer', async () => {
    const model = bareModel(hardSharing());
    const batch = ownBatch(model);
    const cosines = await gradientCosines(model, batch);
    expect([...cosines.keys()]).toEqual(['low', 'high']);
    const gradient = (task: 'a' | 'b') =>
      tf.tidy(() => {
        const { grads } = tf.variableGrads(
          () => model.losses(batch, { training: false })[task]!,
          model.variables,
        );
        const low = model.network.getLayer('low').trainableWeights;
        return low.flatMap(({ name }) => [...grads[name].dataSync()]);
      });
    const [a, b] = [gradient('a'), gradient('b')];
    const dot = (x: number[], y: number[]) => x.reduce((sum, value, index) => sum + value * y[index], 0);
    const expected = dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b));
    expect(cosines.get('low')!.get('a')!.get('b')).toBeCloseTo(expected, 5);
    expect(cosines.get('high')!.get('c')!.get('c')).toBeCloseTo(1, 5);
  });

  test('of networks that share nothing: none', async () => {
    const model = bareModel(separate);
    expect((await gradientCosines(model, ownBatch(model))).size).toBe(0);
  });
});

test('the interference monitor counts conflicts by layer and pair', async () => {
  const model = bareModel(hardSharing());
  const batch = ownBatch(model);
  const monitor = interferenceMonitor(model);
  const before = tf.memory().numTensors;
  await monitor.observe(batch);
  await monitor.observe(batch);
  expect(tf.memory().numTensors).toBe(before);
  const cosines = await gradientCosines(model, batch);
  const report = monitor.report();
  expect(report).toHaveLength(6);
  for (const { layer, tasks, observed, conflicts, meanCosine } of report) {
    const cosine = cosines.get(layer)!.get(tasks[0])!.get(tasks[1])!;
    expect({ observed, conflicts }).toEqual({ observed: 2, conflicts: cosine < 0 ? 1 : 0 });
    expect(meanCosine).toBeCloseTo(cosine, 5);
  }
  expect(report.some(({ conflicts }) => conflicts === 1)).toBe(true);
  expect(monitor.table().split('\n')).toHaveLength(8);
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
