import { type Aggregator, aggregators, type Weighting, weightings } from '@espalier/losses';
import { describe, expect, it } from 'vitest';
import { seeded } from '../src/numbers.js';
import { followAggregator, followWeighting, isPareto, type Point, starts, toy } from '../src/toy.js';

const steps = 30_000;
/** Which of the five starts end on the Pareto set. */
const arrivals = (follow: (start: Point) => Point[]) =>
  starts.map((start) => isPareto(follow(start).at(-1)!));

it('the gradients of the problem are its derivatives', () => {
  for (const [x, y] of [
    [1.3, 2.2],
    [-4, -3],
    [9, 9],
  ] as const)
    for (const i of [0, 1] as const) {
      const loss = (at: Point) => toy(at).losses[i];
      expect((loss([x + 1e-6, y]) - loss([x - 1e-6, y])) / 2e-6).toBeCloseTo(toy([x, y]).jacobian[i][0], 6);
      expect((loss([x, y + 1e-6]) - loss([x, y - 1e-6])) / 2e-6).toBeCloseTo(toy([x, y]).jacobian[i][1], 6);
    }
});

describe('methods that reach the Pareto set from every start', () => {
  const methods: Record<string, Aggregator> = {
    mgda: aggregators.mgda(),
    pcGrad: aggregators.pcGrad({ order: 'fixed' }),
    upGrad: aggregators.upGrad(),
    dualProj: aggregators.dualProj(),
    imtlG: aggregators.imtlG(),
    alignedMtl: aggregators.alignedMtl(),
    nashMtl: aggregators.nashMtl(),
    fairGrad: aggregators.fairGrad({ alpha: 2 }),
    dbMtl: aggregators.dbMtl(),
  };
  it.each(Object.entries(methods))('%s', (_name, method) => {
    expect(arrivals((start) => followAggregator(method, start, steps, seeded(1)))).toEqual(
      starts.map(() => true),
    );
  });
  it('conFig, which zigzags down the valley for as long as its rounding has it', () => {
    const method = aggregators.conFig();
    expect(arrivals((start) => followAggregator(method, start, 1.5 * steps, seeded(1)))).toEqual(
      starts.map(() => true),
    );
  });
  it('imtlL', () => {
    const method = weightings.imtlL();
    expect(arrivals((start) => followWeighting(method, start, steps, seeded(1)))).toEqual(
      starts.map(() => true),
    );
  });
});

describe('methods that are known to stay in the valley below (9, 9)', () => {
  const third = starts.map((_, i) => i !== 2);
  const methods: Record<string, Aggregator> = {
    sum: aggregators.sum(),
    gradVac: aggregators.gradVac({ order: 'fixed' }),
    gradDrop: aggregators.gradDrop(),
    random: aggregators.random(),
  };
  it.each(Object.entries(methods))('%s', (_name, method) => {
    expect(arrivals((start) => followAggregator(method, start, steps, seeded(1)))).toEqual(third);
  });
  const onLosses: Record<string, Weighting> = {
    sum: weightings.sum(),
    randomLossWeighting: weightings.randomLossWeighting(),
    stch: weightings.stch({ ideal: [-2.1, -21] }),
    tchebycheff: weightings.tchebycheff({ ideal: [-2.1, -21] }),
    uncertainty: weightings.uncertainty() as Weighting,
  };
  it.each(Object.entries(onLosses))('%s', (_name, method) => {
    expect(arrivals((start) => followWeighting(method, start, steps, seeded(1)))).toEqual(third);
  });
});

it('caGrad and famo are slow from one start each, and reach it from the others', () => {
  const caGrad = aggregators.caGrad({ c: 0.5 });
  const famo = weightings.famo({ minLosses: [-2.1, -21] });
  expect(arrivals((start) => followAggregator(caGrad, start, steps, seeded(1)))).toEqual([
    true,
    true,
    false,
    true,
    true,
  ]);
  expect(arrivals((start) => followWeighting(famo, start, steps, seeded(1)))).toEqual([
    false,
    true,
    true,
    true,
    true,
  ]);
  expect(isPareto(followAggregator(caGrad, starts[2], 2 * steps, seeded(1)).at(-1)!)).toBe(true);
  expect(isPareto(followWeighting(famo, starts[0], 2 * steps, seeded(1)).at(-1)!)).toBe(true);
});

describe('the other methods, as they are known to end from each start', () => {
  const aggregating: [string, Aggregator, boolean[]][] = [
    ['mean', aggregators.mean(), [true, true, false, true, true]],
    ['constant', aggregators.constant({ weights: [1, 0.1] }), [true, true, true, true, true]],
    ['mgdaUb', aggregators.mgdaUb(), [true, true, true, true, true]],
    ['excessMtl', aggregators.excessMtl(), [false, true, false, true, true]],
    ['moCo', aggregators.moCo(), [false, false, false, true, false]],
    ['sdmGrad', aggregators.sdmGrad(), [true, true, false, true, true]],
  ];
  it.each(aggregating)('%s', (_name, method, expected) => {
    expect(arrivals((start) => followAggregator(method, start, steps, seeded(1)))).toEqual(expected);
  });

  it('krum and trimmedMean need more tasks than two', () => {
    for (const method of [aggregators.krum(), aggregators.trimmedMean()])
      expect(() => followAggregator(method, starts[0], 1, seeded(1))).toThrow(/expected .* tasks?, found 2/);
  });

  const half = (step: number) => [step / steps, 1 - step / steps];
  const weighting: [string, Weighting, boolean[]][] = [
    ['mean', weightings.mean(), [true, true, false, true, true]],
    ['weighted', weightings.weighted({ weights: [10, 1] }), [true, true, true, true, true]],
    ['inverseFrequency', weightings.inverseFrequency({ counts: [1, 10] }), [true, true, true, true, true]],
    ['geometricMean', weightings.geometricMean(), [true, true, true, true, true]],
    ['logScale', weightings.logScale(), [true, true, true, true, true]],
    ['dwa', weightings.dwa() as Weighting, [true, true, false, true, true]],
    [
      'dynamicTaskPrioritization',
      weightings.dynamicTaskPrioritization() as Weighting,
      [true, true, false, true, true],
    ],
    ['focalStyle', weightings.focalStyle(), [true, true, false, true, true]],
    ['gradNorm', weightings.gradNorm() as Weighting, [true, true, false, true, true]],
    ['initialLoss', weightings.initialLoss() as Weighting, [true, true, false, true, true]],
    ['scheduled', weightings.scheduled({ weights: half }), [true, true, false, true, true]],
    ['uncertaintyRevised', weightings.uncertaintyRevised() as Weighting, [true, true, false, true, true]],
    ['pbi', weightings.pbi(), [true, true, false, true, false]],
  ];
  it.each(weighting)('%s, of losses above 0', (_name, method, expected) => {
    expect(arrivals((start) => followWeighting(method, start, steps, seeded(1), [2.1, 21]))).toEqual(
      expected,
    );
  });
});
