import { readFileSync } from 'node:fs';
import {
  equalErrorRate,
  macroF1,
  operatingPoints,
  type Pair,
  trueAcceptRate,
  verificationThreshold,
} from '@espalier/vision-heads';
import { describe, expect, test } from 'vitest';

interface Scores {
  readonly classes: { readonly labels: number[]; readonly found: number[]; readonly macroF1: number }[];
  readonly rates: number[];
  readonly pairs: {
    readonly same: boolean[];
    readonly similarity: number[];
    readonly eer: number;
    readonly tar: number[];
  }[];
}

const scores: Scores = JSON.parse(readFileSync(new URL('./reference/scores.json', import.meta.url), 'utf8'));

test.each(scores.classes)(
  'macro F1 is what scikit-learn says: $macroF1',
  ({ labels, found, macroF1: expected }) => {
    expect(macroF1((index: number) => index).compute(found, labels)).toBeCloseTo(expected, 12);
  },
);

describe.each(scores.pairs)('of pairs with an equal error rate of $eer', ({ same, similarity, eer, tar }) => {
  const pairs = same.map((own, index): Pair => ({ same: own, similarity: similarity[index] }));

  test('the rate is where scikit-learn’s curve crosses the diagonal', () => {
    expect(equalErrorRate(pairs)).toBeCloseTo(eer, 9);
  });

  test('TAR@FAR is what scikit-learn’s curve says', () => {
    for (const [index, rate] of scores.rates.entries()) {
      expect(trueAcceptRate(pairs, rate)).toBeCloseTo(tar[index], 12);
    }
  });

  test('every operating point is what its threshold accepts', () => {
    for (const { threshold, falseAccepts, trueAccepts } of operatingPoints(pairs)) {
      const accepted = pairs.filter((pair) => pair.similarity >= threshold);
      const positives = pairs.filter((pair) => pair.same).length;
      const right = accepted.filter((pair) => pair.same).length;
      expect(trueAccepts).toBeCloseTo(right / positives, 12);
      expect(falseAccepts).toBeCloseTo((accepted.length - right) / (pairs.length - positives), 12);
    }
  });
});

test('verification without pairs of both kinds is refused', () => {
  expect(() => equalErrorRate([{ similarity: 1, same: true }])).toThrow(/found 1 and 0/);
  expect(() => trueAcceptRate([], 0.1)).toThrow(/found 0 and 0/);
});

test.each([-0.1, 1.1, Number.NaN])('a false accept rate of %d is refused', (rate) => {
  const pairs = [
    { similarity: 1, same: true },
    { similarity: 0, same: false },
  ];
  for (const measure of [trueAcceptRate, verificationThreshold]) {
    expect(() => measure(pairs, rate)).toThrow(
      new RangeError(`The false accept rate is ${rate}; it is a share of pairs, from 0 to 1.`),
    );
  }
});

test('a rate that is met exactly counts', () => {
  const pairs = Array.from({ length: 20 }, (_, index) => ({ similarity: 20 - index, same: index % 2 === 1 }));
  expect(trueAcceptRate(pairs, 0.1)).toBe(0.1);
});
