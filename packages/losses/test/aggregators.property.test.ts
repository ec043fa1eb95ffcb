import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { aggregators, byGroup, DegenerateError, nonZero, type WeightsAggregator } from '../src/index.js';
import { combine, distance, dot, gramian, type Matrix, matrix, norm, permutation } from './matrices.js';
import { seeded } from './random.js';

const runs = { numRuns: 1000, seed: 6 };
const largest = (rows: Matrix) => Math.max(...rows.map(norm));

const exact: Record<string, WeightsAggregator> = {
  mgda: aggregators.mgda(),
  upGrad: aggregators.upGrad(),
  dualProj: aggregators.dualProj(),
  caGrad: aggregators.caGrad({ c: 0.5 }),
  imtlG: aggregators.imtlG(),
  alignedMtl: aggregators.alignedMtl(),
  conFig: aggregators.conFig(),
  nashMtl: aggregators.nashMtl(),
  fairGrad: aggregators.fairGrad({ alpha: 2 }),
  pcGrad: aggregators.pcGrad({ order: 'fixed' }),
  mean: aggregators.mean(),
  krum: aggregators.krum({ nByzantine: 0 }),
};

/** Undefined where the method itself says that there is no answer. */
function attempt<Result>(solve: () => Result): Result | undefined {
  try {
    return solve();
  } catch (error) {
    if (error instanceof DegenerateError) return undefined;
    throw error;
  }
}

describe.each(['upGrad', 'dualProj', 'mgda'])('%s', (name) => {
  it('conflicts with no task', () => {
    fc.assert(
      fc.property(matrix({ maxTasks: 64 }), (rows) => {
        const direction = exact[name]!.direction(rows);
        for (const row of rows)
          expect(dot(row, direction)).toBeGreaterThanOrEqual(-1e-7 * norm(row) * largest(rows));
      }),
      runs,
    );
  });
});

describe.each(['upGrad', 'dualProj', 'mgda', 'caGrad', 'nashMtl', 'fairGrad'])('%s', (name) => {
  it('returns a certificate that its optimality conditions hold', () => {
    fc.assert(
      fc.property(matrix({ maxTasks: 64, zeroRows: false, spreads: name !== 'fairGrad' }), (rows) => {
        const method = exact[name]!;
        const step = attempt(() => method.step(method.init(rows.length), gramian(rows)));
        // With gradients of very different lengths fairGrad's (G w)_i cancels far below its terms: see fixed points.
        if (step) expect(step.residual).toBeLessThan(1e-6);
      }),
      runs,
    );
  });
});

describe('mgda', () => {
  it('is in the convex hull, and no vertex is nearer to 0 along it', () => {
    fc.assert(
      fc.property(matrix({ maxTasks: 64 }), (rows) => {
        const weights = exact.mgda!.weights(gramian(rows));
        expect(weights.reduce((sum, weight) => sum + weight, 0)).toBeCloseTo(1, 9);
        for (const weight of weights) expect(weight).toBeGreaterThanOrEqual(0);
        const direction = combine(rows, weights);
        const smallest = Math.min(...rows.map(norm));
        expect(norm(direction)).toBeLessThanOrEqual(smallest * (1 + 1e-9));
        for (const row of rows)
          expect(dot(row, direction) - dot(direction, direction)).toBeGreaterThanOrEqual(
            -1e-7 * norm(row) * smallest,
          );
      }),
      runs,
    );
  });
});

describe('pareto-stationary points', () => {
  const stationary = matrix({ maxTasks: 8, zeroRows: false, scales: false }).map((rows) => {
    const opposite = rows[0]!.map((_, c) => -rows.reduce((sum, row) => sum + row[c]!, 0));
    return [...rows, opposite];
  });

  it.each(['mgda', 'upGrad', 'dualProj'])('%s is 0', (name) => {
    fc.assert(
      fc.property(stationary, (rows) => {
        // A gradient with a positive product with all would be a descent direction for all.
        expect(norm(exact[name]!.direction(rows))).toBeLessThanOrEqual(1e-6 * largest(rows));
      }),
      runs,
    );
  });

  it.each(['nashMtl', 'fairGrad'])('%s has no solution and says so', (name) => {
    fc.assert(
      fc.property(stationary, (rows) => {
        expect(() => exact[name]!.direction(rows)).toThrow(DegenerateError);
      }),
      runs,
    );
  });
});

describe('fixed points', () => {
  it.each([0.5, 1, 2, 5])('fairGrad alpha %d: (G w)_i = w_i^(-1/alpha)', (alpha) => {
    const method = aggregators.fairGrad({ alpha });
    fc.assert(
      fc.property(matrix({ maxTasks: 12, zeroRows: false }), (rows) => {
        const weights = attempt(() => method.weights(gramian(rows)));
        if (!weights) return;
        gramian(rows).forEach((row, i) => {
          const target = weights[i]! ** (-1 / alpha);
          const terms = row.reduce((sum, value, j) => sum + Math.abs(value) * weights[j]!, target);
          expect(Math.abs(dot(row, weights) - target)).toBeLessThan(1e-11 * terms);
        });
      }),
      runs,
    );
  });

  it('nashMtl: |d|^2 = T, and no dependence on the scale of a loss', () => {
    fc.assert(
      fc.property(matrix({ zeroRows: false }), fc.integer({ min: -4, max: 4 }), (rows, exponent) => {
        const direction = attempt(() => exact.nashMtl!.direction(rows));
        if (!direction) return;
        expect(dot(direction, direction) / rows.length).toBeCloseTo(1, 5);
        const factor = 10 ** exponent;
        const other = exact.nashMtl!.direction([rows[0]!.map((value) => value * factor), ...rows.slice(1)]);
        expect(distance(direction, other)).toBeLessThanOrEqual(1e-4 * norm(direction));
      }),
      runs,
    );
  });

  it('imtlG: equal projections on the unit gradients, if they are independent', () => {
    fc.assert(
      fc.property(fc.nat(), fc.integer({ min: 1, max: 10 }), (seed, tasks) => {
        const rows = independent(seed, tasks);
        const direction = attempt(() => exact.imtlG!.direction(rows));
        if (!direction) return;
        const projections = rows.map((row) => dot(row, direction) / norm(row));
        for (const projection of projections)
          expect(Math.abs(projection - projections[0]!)).toBeLessThanOrEqual(
            1e-8 * Math.max(norm(direction), 1e-8),
          );
      }),
      runs,
    );
  });

  it('conFig: equal and positive cosines, if the gradients are independent', () => {
    fc.assert(
      fc.property(fc.nat(), fc.integer({ min: 1, max: 10 }), (seed, tasks) => {
        const rows = independent(seed, tasks);
        const direction = exact.conFig!.direction(rows);
        const cosines = rows.map((row) => dot(row, direction) / (norm(row) * norm(direction)));
        const sign = Math.sign(cosines[0]!);
        expect(sign).toBe(Math.sign(rows.reduce((sum, row) => sum + dot(row, direction), 0)));
        for (const cosine of cosines) expect(cosine).toBeCloseTo(cosines[0]!, 7);
      }),
      runs,
    );
  });

  it('alignedMtl: the aligned gradients are orthogonal and of one length', () => {
    fc.assert(
      fc.property(fc.nat(), fc.integer({ min: 1, max: 8 }), (seed, tasks) => {
        const rows = independent(seed, tasks);
        // The weights of preference e_k are column k of the alignment matrix.
        const aligned = rows.map((_, k) =>
          aggregators.alignedMtl({ preference: rows.map((_, i) => (i === k ? 1 : 0)) }).direction(rows),
        );
        const length = dot(aligned[0]!, aligned[0]!);
        aligned.forEach((a, i) => {
          aligned.forEach((b, j) => {
            expect(dot(a, b) / length).toBeCloseTo(i === j ? 1 : 0, 6);
          });
        });
      }),
      runs,
    );
  });

  it('caGrad: stays within c |g0| of the mean and its worst task is no worse than at random places there', () => {
    fc.assert(
      fc.property(
        matrix({ maxTasks: 10 }),
        fc.double({ min: 1e-3, max: 0.9, noNaN: true }),
        fc.nat(),
        (rows, c, seed) => {
          const direction = aggregators.caGrad({ c }).direction(rows);
          const g0 = combine(
            rows,
            rows.map(() => 1 / rows.length),
          );
          const size = norm(g0);
          expect(distance(direction, g0)).toBeLessThanOrEqual(c * size * (1 + 1e-7) + 1e-300);
          const worst = (d: ArrayLike<number>) => Math.min(...rows.map((row) => dot(row, d)));
          const found = worst(direction);
          for (const other of [...rows, ...independent(seed, 3, rows[0]!.length)]) {
            const length = norm(other);
            if (length === 0) continue;
            const near = g0.map((value, i) => value + (c * size * other[i]!) / length);
            expect(worst(near)).toBeLessThanOrEqual(found + 1e-7 * size * largest(rows));
          }
        },
      ),
      runs,
    );
  });
});

function independent(seed: number, tasks: number, width = tasks + 5): Matrix {
  const random = seeded(seed);
  return Array.from({ length: tasks }, () =>
    Array.from({ length: width }, () => random() + random() + random() - 1.5),
  );
}

describe('permutation', () => {
  it.each(Object.keys(exact).filter((name) => name !== 'pcGrad' && name !== 'krum'))(
    '%s: the order of the tasks does not matter',
    (name) => {
      fc.assert(
        fc.property(matrix({ maxTasks: 10, scales: false }), fc.nat(), (rows, seed) => {
          const direction = attempt(() => exact[name]!.direction(rows));
          const other = attempt(() => exact[name]!.direction(permutation(rows, seed)));
          if (!direction || !other) return;
          expect(distance(direction, other)).toBeLessThanOrEqual(
            1e-6 * Math.max(norm(direction), largest(rows)),
          );
        }),
        runs,
      );
    },
  );
});

describe('scaling', () => {
  const powers: Record<string, number> = {
    mean: 1,
    mgda: 1,
    upGrad: 1,
    dualProj: 1,
    caGrad: 1,
    imtlG: 1,
    alignedMtl: 1,
    conFig: 1,
    pcGrad: 1,
    krum: 1,
    nashMtl: 0,
    // (G w) = w^(-1/2): w scales with s^(-4/3), the direction with s^(-1/3).
    fairGrad: -1 / 3,
  };

  it.each(Object.entries(powers))(
    '%s: the direction grows with the gradients to the power %d',
    (name, power) => {
      fc.assert(
        fc.property(
          matrix({ maxTasks: 10, scales: false }),
          fc.integer({ min: -8, max: 8 }),
          (rows, exponent) => {
            if (name === 'krum' && rows.length < 3) return;
            const factor = 10 ** exponent;
            const direction = attempt(() => exact[name]!.direction(rows));
            const other = attempt(() =>
              exact[name]!.direction(rows.map((row) => row.map((value) => value * factor))),
            );
            if (!direction || !other) return;
            const back = other.map((value) => value / factor ** power);
            expect(distance(direction, back)).toBeLessThanOrEqual(
              1e-6 * Math.max(norm(direction), largest(rows)),
            );
          },
        ),
        runs,
      );
    },
  );

  it('upGrad is linear under scaling of each row, from 1e-8 to 1e8', () => {
    fc.assert(
      fc.property(fc.nat(), fc.integer({ min: 1, max: 10 }), (seed, tasks) => {
        const rows = independent(seed, tasks, 6);
        const factors = rows.map((_, i) => 10 ** (((i * 5 + seed) % 17) - 8));
        const scaled = rows.map((row, i) => row.map((value) => value * factors[i]!));
        // d = sum_i factor_i proj(g_i) / T: the projection of one row at a time, from preferences.
        const expected = combine(
          rows.map((_, i) =>
            Array.from(
              aggregators.upGrad({ preference: rows.map((_, j) => (i === j ? 1 : 0)) }).direction(rows),
            ),
          ),
          factors.map((factor) => factor / tasks),
        );
        const found = aggregators.upGrad().direction(scaled);
        expect(distance(found, expected)).toBeLessThanOrEqual(1e-7 * largest(scaled));
      }),
      runs,
    );
  });
});

describe('special rows', () => {
  it('one task: every method follows its gradient', () => {
    fc.assert(
      fc.property(matrix({ maxTasks: 1, zeroRows: false }), ([row]) => {
        for (const [name, method] of Object.entries(exact)) {
          if (name === 'krum') continue;
          const direction = method.direction([row!]);
          expect(dot(direction, row!) / (norm(direction) * norm(row!))).toBeCloseTo(1, 9);
        }
      }),
      runs,
    );
  });

  it('identical rows: what treats tasks alike returns the row', () => {
    fc.assert(
      fc.property(
        matrix({ maxTasks: 1, zeroRows: false }),
        fc.integer({ min: 2, max: 64 }),
        ([row], tasks) => {
          const rows = new Array<number[]>(tasks).fill(row!);
          for (const name of ['mean', 'mgda', 'upGrad', 'dualProj', 'imtlG', 'alignedMtl'] as const) {
            const direction = exact[name]!.direction(rows);
            const length = name === 'alignedMtl' ? Math.sqrt(tasks) / Math.sqrt(tasks) : 1;
            expect(
              distance(
                direction,
                row!.map((value) => value * length),
              ),
            ).toBeLessThanOrEqual(1e-9 * norm(row!));
          }
        },
      ),
      runs,
    );
  });

  it('only zero rows: the direction is 0, or there is none', () => {
    fc.assert(
      fc.property(fc.integer({ min: 3, max: 64 }), fc.integer({ min: 1, max: 9 }), (tasks, width) => {
        const rows = Array.from({ length: tasks }, () => new Array<number>(width).fill(0));
        for (const method of Object.values(exact)) {
          const direction = attempt(() => method.direction(rows));
          if (direction) expect(norm(direction)).toBe(0);
        }
      }),
      runs,
    );
  });

  it('an absent task is as if it did not exist', () => {
    fc.assert(
      fc.property(matrix({ maxTasks: 8 }), fc.nat(), (rows, seed) => {
        const at = seed % (rows.length + 1);
        const holed = [...rows.slice(0, at), undefined, ...rows.slice(at)];
        for (const [name, method] of Object.entries(exact)) {
          if (name === 'krum') continue;
          const direction = attempt(() => method.direction(rows));
          const other = attempt(() => method.direction(holed));
          expect(other).toEqual(direction);
        }
      }),
      runs,
    );
  });

  it('nonZero leaves zero rows out', () => {
    fc.assert(
      fc.property(matrix({ maxTasks: 6, zeroRows: false }), fc.nat(), (rows, seed) => {
        const at = seed % (rows.length + 1);
        const zero = rows[0]!.map(() => 0);
        const direction = attempt(() => exact.nashMtl!.direction(rows));
        const other = attempt(() =>
          nonZero(exact.nashMtl!).direction([...rows.slice(0, at), zero, ...rows.slice(at)]),
        );
        expect(other).toEqual(direction);
      }),
      runs,
    );
  });

  it('byGroup with one group is the aggregator itself', () => {
    fc.assert(
      fc.property(matrix({ maxTasks: 6 }), (rows) => {
        const grouped = byGroup(exact.upGrad!, { sizes: [rows[0]!.length] });
        expect(grouped.direction(rows)).toEqual(exact.upGrad!.direction(rows));
      }),
      runs,
    );
  });
});
