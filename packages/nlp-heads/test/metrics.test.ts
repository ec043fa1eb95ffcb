import { readFileSync } from 'node:fs';
import {
  accuracyScore,
  answerScores,
  bleu,
  chrf,
  entitiesOf,
  entityScores,
  macroF1,
  matthewsCorrelation,
  multiLabelF1,
  pearson,
  spearman,
} from '@espalier/nlp-heads';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

/** What the field's tools say: `reference/make.py` wrote it. */
const reference = JSON.parse(
  readFileSync(new URL('./reference/metrics.json', import.meta.url), 'utf8'),
) as Reference;

interface Reference {
  readonly entities: readonly {
    readonly predictions: string[][];
    readonly labels: string[][];
    readonly lenient: number[];
    readonly strict?: number[];
  }[];
  readonly classes: readonly {
    readonly predictions: number[];
    readonly labels: number[];
    readonly accuracy: number;
    readonly macroF1: number;
    readonly mcc: number;
  }[];
  readonly multiLabel: readonly {
    readonly predictions: number[][];
    readonly labels: number[][];
    readonly microF1: number;
  }[];
  readonly correlation: readonly {
    readonly x: number[];
    readonly y: number[];
    readonly pearson: number;
    readonly spearman: number;
  }[];
  readonly translation: readonly {
    readonly predictions: string[];
    readonly references: string[][];
    readonly bleu: number;
    readonly chrf: number;
  }[];
  readonly squad: readonly {
    readonly predictions: string[];
    readonly answers: string[][];
    readonly exactMatch: number;
    readonly f1: number;
  }[];
}

describe('entities', () => {
  test.each(reference.entities)('score as in seqeval, case %#', (example) => {
    for (const mode of ['lenient', 'strict'] as const) {
      const expected = example[mode];
      if (expected === undefined) continue;
      const { precision, recall, f1 } = entityScores(example.predictions, example.labels, mode);
      for (const [index, value] of [precision, recall, f1].entries())
        expect(value).toBeCloseTo(expected[index], 12);
    }
  });

  test('have a type, a first token and an end', () => {
    expect(entitiesOf(['O', 'B-PER', 'I-PER', 'B-LOC'])).toEqual([
      { type: 'PER', start: 1, end: 3 },
      { type: 'LOC', start: 3, end: 4 },
    ]);
    expect(entitiesOf(['I-PER', 'O', 'S-LOC'], 'strict')).toEqual([]);
  });

  test('need a tag a token', () => {
    expect(() => entityScores([['O', 'O']], [['O']])).toThrow(/Sentence 0 has 1 labels, and 2 tags/);
  });
});

test.each(reference.classes)('classes score as in scikit-learn, case %#', (example) => {
  const { predictions, labels } = example;
  expect(accuracyScore(predictions, labels)).toBeCloseTo(example.accuracy, 12);
  expect(macroF1(predictions, labels)).toBeCloseTo(example.macroF1, 12);
  expect(matthewsCorrelation(predictions, labels)).toBeCloseTo(example.mcc, 12);
});

test('a Matthews correlation of perfect predictions is 1, exactly', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 6 }), { minLength: 2 }), (labels) => {
      fc.pre(new Set(labels).size > 1);
      expect(matthewsCorrelation(labels, labels)).toBe(1);
    }),
  );
});

test.each(reference.multiLabel)('several labels score as in scikit-learn, case %#', (example) => {
  expect(multiLabelF1(example.predictions, example.labels)).toBeCloseTo(example.microF1, 12);
});

test.each(reference.correlation)('correlations are SciPy’s, case %#', (example) => {
  expect(pearson(example.x, example.y)).toBeCloseTo(example.pearson, 9);
  expect(spearman(example.x, example.y)).toBeCloseTo(example.spearman, 9);
});

test('a constant list correlates with nothing', () => {
  expect(pearson([0.1, 0.1, 0.1], [1, 2, 3])).toBe(0);
  expect(spearman([1, 2, 3], [5, 5, 5])).toBe(0);
});

test.each(reference.translation)('translations score as in sacreBLEU, case %#', (example) => {
  expect(bleu(example.predictions, example.references)).toBeCloseTo(example.bleu, 9);
  expect(chrf(example.predictions, example.references)).toBeCloseTo(example.chrf, 9);
});

test.each(reference.squad)('answers score by SQuAD’s rules, case %#', (example) => {
  const { exactMatch, f1 } = answerScores(example.predictions, example.answers);
  expect(exactMatch).toBeCloseTo(example.exactMatch, 12);
  expect(f1).toBeCloseTo(example.f1, 12);
});
