import { sum } from '@espalier/losses';
import {
  adamW,
  constant,
  deltas,
  earlyStopping,
  evaluate,
  fit,
  type JudgedTask,
  pairedTest,
  relativeGain,
  spreadOf,
  TrainerError,
} from '@espalier/trainer';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { own } from './own.js';
import { compose, points } from './small-task.js';

const tasks: JudgedTask[] = [
  {
    name: 'segmentation',
    metrics: [
      { name: 'mIoU', better: 'higher' },
      { name: 'accuracy', better: 'higher' },
    ],
  },
  { name: 'depth', metrics: [{ name: 'error', better: 'lower' }] },
];

describe('Δ', () => {
  const single = { segmentation: { mIoU: 0.5, accuracy: 0.8 }, depth: { error: 0.4 } };
  const multi = { segmentation: { mIoU: 0.55, accuracy: 0.76 }, depth: { error: 0.36 } };

  test('has three published conventions', () => {
    // Gains of +10 % and −5 % in segmentation, +10 % in depth.
    const { mainMetrics, allMetrics, taskMeans } = deltas(tasks, multi, single);
    expect(mainMetrics).toBeCloseTo((10 + 10) / 2, 10);
    expect(allMetrics).toBeCloseTo((10 - 5 + 10) / 3, 10);
    expect(taskMeans).toBeCloseTo(((10 - 5) / 2 + 10) / 2, 10);
  });

  test('is 0 against itself, and there is no percentage of 0', () => {
    expect(deltas(tasks, single, single)).toEqual({ mainMetrics: 0, allMetrics: 0, taskMeans: 0 });
    expect(relativeGain(0.3, 0, 'higher')).toBeUndefined();
    const without = { ...single, segmentation: { mIoU: 0.5, accuracy: 0 } };
    expect(deltas(tasks, multi, without)).toMatchObject({ allMetrics: undefined, taskMeans: undefined });
    expect(deltas(tasks, multi, without).mainMetrics).toBeCloseTo(10, 10);
  });

  test('is a gain in the direction of the metric, for negative values too', () => {
    expect(relativeGain(-1, -2, 'higher')).toBe(50);
    expect(relativeGain(-1, -2, 'lower')).toBe(-50);
  });
});

describe('repeated measurements', () => {
  // scipy 1.17.1, scipy.stats.ttest_rel(first, second).
  const scipy: [number[], number[], number, number][] = [
    [[1, 2.5], [0.5, 1.9], 10.999999999999991, 0.057715876752609],
    [[0.91, 0.93, 0.92], [0.9, 0.905, 0.93], 0.8219949365267863, 0.49748109237039395],
    [[3.1, 2.9, 3.4, 3.3], [2.8, 2.95, 3.0, 3.1], 2.200812445210723, 0.11508454301580402],
    [[1, 2, 3, 4, 5], [1.2, 1.7, 3.5, 4.1, 5.9], -1.393052066293984, 0.23603136577862446],
    [
      [10, 12, 9, 11, 13, 8, 14, 10, 11, 12],
      [9, 11, 9.5, 10, 11, 8.5, 12, 9, 10.5, 11],
      3.156820749009881,
      0.011609438414093367,
    ],
  ];
  test.each(scipy)('the paired t-test of %j and %j is that of scipy', (first, second, t, p) => {
    const found = pairedTest(first, second);
    expect(found?.t).toBeCloseTo(t, 9);
    expect(found?.p).toBeCloseTo(p, 12);
  });

  test('p is a probability, falls with |t|, and does not depend on the order of the two', () => {
    const value = fc.double({ min: -100, max: 100, noNaN: true });
    const pairs = fc.array(fc.tuple(value, value), { minLength: 2, maxLength: 30 });
    fc.assert(
      fc.property(pairs, (all) => {
        const [first, second] = [all.map(([a]) => a), all.map(([, b]) => b)];
        const [forth, back] = [pairedTest(first, second), pairedTest(second, first)];
        expect(back?.p).toBe(forth?.p);
        if (forth === undefined) return;
        expect(forth.p).toBeGreaterThanOrEqual(0);
        expect(forth.p).toBeLessThanOrEqual(1);
        const further = pairedTest(
          first.map((own, pair) => own + Math.sign(forth.t) * Math.abs(own - second[pair])),
          second,
        );
        expect(further === undefined || Number.isFinite(further.p)).toBe(true);
      }),
    );
  });

  test('nothing is judged without spread, or without pairs', () => {
    expect(pairedTest([1], [2])).toBeUndefined();
    expect(pairedTest([1, 2], [2, 3])).toBeUndefined();
    expect(() => pairedTest([1, 2], [1])).toThrow(TrainerError);
    expect(spreadOf([3])).toEqual({ mean: 3, deviation: 0 });
    expect(spreadOf([1, 2, 3, 4]).deviation).toBeCloseTo(Math.sqrt(5 / 3), 12);
  });
});

describe('early stopping', () => {
  const at = (mIoU: number, error: number) => ({ segmentation: { mIoU, accuracy: 0 }, depth: { error } });
  const follow = (options: Parameters<typeof earlyStopping>[1], evaluations: [number, number][]) => {
    const stopping = earlyStopping(tasks, options);
    return evaluations.map(([mIoU, error]) => stopping.observe(at(mIoU, error)).stop);
  };

  test('by a task looks at that task only, in its direction', () => {
    const evaluations: [number, number][] = [
      [0.5, 1],
      [0.4, 0.9],
      [0.3, 0.95],
      [0.2, 0.91],
    ];
    expect(follow({ by: 'depth', patience: 2 }, evaluations)).toEqual([false, false, false, true]);
    expect(follow({ by: 'segmentation', patience: 2 }, evaluations)).toEqual([false, false, true, true]);
  });

  test('by all weighs what tasks gain and lose, relative to their scales', () => {
    expect(
      follow({ by: 'all', patience: 1 }, [
        [0.5, 100],
        [0.6, 105],
        [0.59, 110],
      ]),
    ).toEqual([false, false, true]);
  });

  test('gains that are too small do not count', () => {
    const slow: [number, number][] = [
      [0.5, 1],
      [0.501, 1],
      [0.502, 1],
    ];
    expect(follow({ by: 'segmentation', patience: 2, leastGain: 0.01 }, slow)).toEqual([false, false, true]);
    expect(follow({ by: 'segmentation', patience: 2 }, slow)).toEqual([false, false, false]);
  });

  test('goes on from a saved state', () => {
    const [whole, resumed] = [0, 0].map(() => earlyStopping(tasks, { by: 'all', patience: 2 }));
    whole.observe(at(0.5, 1));
    whole.observe(at(0.4, 1));
    resumed.load(JSON.parse(JSON.stringify(whole.state())));
    expect(resumed.observe(at(0.45, 1))).toEqual({ best: false, stop: true });
  });

  test('a task that the model lacks is refused by name, and so is a patience of nothing', () => {
    expect(() => earlyStopping(tasks, { by: 'normals', patience: 1 })).toThrow(
      /names the task "normals".*segmentation, depth/,
    );
    expect(() => earlyStopping(tasks, { by: 'all', patience: 0 })).toThrow(/patience .* is 0/);
  });

  test('ends a training at the end of an epoch', async () => {
    const records = await fit(own(compose()), {
      data: points(16, 1),
      epochs: 5,
      batchSize: 8,
      optimizer: adamW(),
      schedule: constant(0.01),
      weighting: sum(),
      seed: 1,
      onEpoch: ({ epoch }, stop) => (epoch === 2 ? stop() : undefined),
    });
    expect(records).toHaveLength(4);
  });
});

test('a metric without a direction is refused by name, before anything is computed', async () => {
  const model = own(compose());
  const metric = { ...model.tasks[1].head.metrics[0], better: undefined };
  const tasks = model.tasks.map((task) =>
    task.name === 'distance' ? { ...task, head: { ...task.head, metrics: [metric] } } : task,
  );
  const undirected = Object.create(model, { tasks: { value: tasks } }) as typeof model;
  await expect(evaluate(undirected, points(4, 1), { batchSize: 4 })).rejects.toThrow(
    /Task "distance": its metric "error" does not say whether higher or lower/,
  );
});
