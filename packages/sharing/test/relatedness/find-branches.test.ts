import { seededRandom, TaskError } from '@espalier/core';
import { branchedSharing, findBranches, SharingError, type TaskMatrix } from '@espalier/sharing';
import { describe, expect, test } from 'vitest';
import { bareModel } from '../models.js';

const tasks = ['a', 'b', 'c'];
const matrix = (entry: (row: string, column: string) => number): TaskMatrix =>
  new Map(tasks.map((row) => [row, new Map(tasks.map((column) => [column, entry(row, column)]))]));
const low = (affinity: TaskMatrix) => ({ name: 'low', parameters: 16, affinity });
const high = (affinity: TaskMatrix) => ({ name: 'high', parameters: 10, affinity });

const partners = matrix((row, column) => (row === 'b' || column === 'b' ? -1 : 1));

describe('the best tree', () => {
  test('shares everything where it helps, and parts those that it harms', () => {
    const helpful = matrix(() => 1);
    expect(findBranches({ stages: [low(helpful), high(helpful)], budget: 100 })).toEqual({
      forks: {},
      affinity: 6,
      parameters: 26,
    });
    expect(findBranches({ stages: [low(partners), high(partners)], budget: 100 })).toEqual({
      forks: { low: [['a', 'c'], ['b']] },
      affinity: 4,
      parameters: 52,
    });
  });

  test('forks late where the budget is small, and makes the model that it counts', () => {
    const plan = findBranches({ stages: [low(partners), high(partners)], budget: 40 });
    expect(plan).toMatchObject({ forks: { high: [['a', 'c'], ['b']] }, parameters: 36 });
    expect(bareModel(branchedSharing(plan)).countParams()).toBe(36);
  });

  test('is the best of all trees', () => {
    const partitions = [
      [['a', 'b', 'c']],
      [['a', 'b'], ['c']],
      [['a', 'c'], ['b']],
      [['a'], ['b', 'c']],
      [['a'], ['b'], ['c']],
    ];
    for (let seed = 0; seed < 30; seed++) {
      const random = seededRandom(seed);
      const stages = [low(matrix(() => random() - 0.6)), high(matrix(() => random() - 0.6))];
      const budget = 26 + 52 * random();
      const value = (groups: string[][], affinity: TaskMatrix) =>
        groups.reduce((sum, group) => {
          const pairs = group.flatMap((row) =>
            group.filter((column) => column !== row).map((column) => [row, column]),
          );
          return (
            sum +
            pairs.reduce(
              (own, [row, column]) => own + affinity.get(row)!.get(column)! / (group.length - 1),
              0,
            )
          );
        }, 0);
      let best = Number.NEGATIVE_INFINITY;
      for (const first of partitions) {
        for (const second of partitions) {
          const finer = second.every((group) =>
            first.some((outer) => group.every((task) => outer.includes(task))),
          );
          if (!finer || 16 * first.length + 10 * second.length > budget) continue;
          best = Math.max(best, value(first, stages[0].affinity) + value(second, stages[1].affinity));
        }
      }
      expect(findBranches({ stages, budget }).affinity).toBeCloseTo(best, 10);
    }
  });
});

test('refuses a budget below one trunk, and affinities that do not fit', () => {
  const stages = [low(partners), high(partners)];
  expect(() => findBranches({ stages, budget: 25 })).toThrow(SharingError);
  expect(() => findBranches({ stages, budget: 25 })).toThrow(/a, b, c meets the budget of 25 .* has 26/);
  expect(() => findBranches({ stages: [low(partners), high(new Map())], budget: 99 })).toThrow(TaskError);
  expect(() => findBranches({ stages: [], budget: 99 })).toThrow(/0 tasks/);
});
