import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { type Aggregator, aggregators, DegenerateError } from '../src/index.js';
import { seeded } from './random.js';

interface Case {
  method: string;
  params: Record<string, unknown>;
  matrix: string;
  direction: number[] | null;
  weights: number[] | null;
  tolerance: number | null;
  sequence?: { direction: number[]; weights: number[]; phi_hat_after: (number | null)[][] }[];
  distribution?: {
    p_positive: (number | null)[];
    value_if_positive: number[];
    value_if_negative: number[];
  };
}

const reference: { matrices: Record<string, number[][]>; cases: Case[] } = JSON.parse(
  readFileSync(new URL('reference/aggregators.json', import.meta.url), 'utf8'),
);
const factories = aggregators as Record<string, (options: never) => Aggregator>;
const create = ({ method, params }: Case) => factories[method]!(params as never);

function expectClose(found: ArrayLike<number>, exact: readonly number[], tolerance: number) {
  expect(found.length).toBe(exact.length);
  const allowed = Math.max(tolerance * Math.max(...exact.map(Math.abs)), 1e-9);
  const worst = Math.max(...exact.map((value, i) => Math.abs(found[i]! - value)));
  expect(worst).toBeLessThanOrEqual(allowed);
}

const gramian = (rows: readonly number[][]) =>
  rows.map((a) => rows.map((b) => a.reduce((sum, value, c) => sum + value * b[c]!, 0)));

describe.each([...new Set(reference.cases.map(({ method }) => method))])('%s', (method) => {
  const cases = reference.cases.filter((entry) => entry.method === method);
  const rows = ({ matrix }: Case) => reference.matrices[matrix]!;
  const title = (entry: Case) => `${JSON.stringify(entry.params)} on ${entry.matrix}`;

  for (const entry of cases.filter(({ direction }) => direction)) {
    it(title(entry), () => {
      const aggregator = create(entry);
      expectClose(aggregator.direction(rows(entry)), entry.direction!, entry.tolerance!);
      if (aggregator.needs === 'jacobian') return;
      const weights = aggregator.weights(gramian(rows(entry)));
      if (entry.weights) expectClose(weights, entry.weights, 1e-6);
      const { residual } = aggregator.step(aggregator.init(weights.length), gramian(rows(entry)));
      expect(residual).toBeLessThan(1e-9);
    });
  }

  for (const entry of cases.filter(({ sequence }) => sequence)) {
    it(`sequence of ${title(entry)}`, () => {
      const aggregator = create(entry);
      if (aggregator.needs === 'jacobian') throw new Error('gradVac works on the Gramian');
      let state = aggregator.init(rows(entry).length);
      for (const call of entry.sequence!) {
        expectClose(aggregator.direction(rows(entry), { state }), call.direction, entry.tolerance!);
        const step = aggregator.step(state, gramian(rows(entry)));
        expectClose(step.weights, call.weights, 1e-9);
        state = JSON.parse(JSON.stringify(step.state));
        const { phiHat } = state as unknown as { phiHat: number[][] };
        call.phi_hat_after.forEach((row, i) => {
          row.forEach((value, j) => {
            if (value !== null) expect(phiHat[i]![j]).toBeCloseTo(value, 9);
          });
        });
      }
    });
  }

  for (const entry of cases.filter(({ distribution }) => distribution)) {
    it(`distribution of ${title(entry)}`, () => {
      const { p_positive, value_if_positive, value_if_negative } = entry.distribution!;
      const draws = 2000;
      const random = seeded(1);
      const aggregator = create(entry);
      const positives = p_positive.map(() => 0);
      for (let draw = 0; draw < draws; draw++) {
        const direction = aggregator.direction(rows(entry), { random });
        direction.forEach((value, c) => {
          const positive = Math.abs(value - value_if_positive[c]!) < 1e-9;
          if (!positive) expect(value).toBeCloseTo(value_if_negative[c]!, 9);
          if (positive) positives[c]!++;
        });
      }
      p_positive.forEach((p, c) => {
        if (p === null || value_if_positive[c] === value_if_negative[c]) return;
        expect(Math.abs(positives[c]! / draws - p)).toBeLessThanOrEqual(5 * Math.sqrt((p * (1 - p)) / draws));
      });
    });
  }

  for (const entry of cases.filter(
    ({ direction, sequence, distribution }) => !direction && !sequence && !distribution,
  )) {
    it(`no closed answer: ${title(entry)}`, () => {
      const aggregator = create(entry);
      if (aggregator.needs === 'jacobian') throw new Error('all of these work on the Gramian');
      const solve = () => aggregator.step(aggregator.init(rows(entry).length), gramian(rows(entry)));
      if (method !== 'caGrad') return expect(solve).toThrow(DegenerateError);
      const { weights, residual, fallback } = solve();
      expect(residual).toBeLessThan(1e-9);
      expect(weights.every(Number.isFinite)).toBe(true);
      expect(fallback !== undefined).toBe(entry.matrix.startsWith('Z4'));
    });
  }
});
