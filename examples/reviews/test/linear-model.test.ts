import { describe, expect, test } from 'vitest';
import { linearModel } from '../src/linear-model.js';
import { minimize } from '../src/minimize.js';
import { tfIdf } from '../src/tf-idf.js';

/**
 * What scikit-learn 1.9.1 has for these texts: `TfidfVectorizer(min_df=2, sublinear_tf=True)` with `ngram_range=(1, 2),
 * tokenizer=str.split, token_pattern=None` and with `analyzer='char_wb', ngram_range=(2, 5)` beside each other,
 * `LogisticRegression(C=4, tol=1e-10)` and `Ridge(alpha=0.5, solver='cholesky')`.
 */
const reference = [
  { text: 'a good film', label: 0, rating: 2, shares: [0.769393, 0.128536, 0.102071], found: 1.052294 },
  { text: 'a bad film', label: 1, rating: -2.5, shares: [0.148065, 0.803238, 0.048697], found: -1.229575 },
  { text: 'good good', label: 0, rating: 3, shares: [0.82386, 0.051633, 0.124507], found: 2.551064 },
  {
    text: 'bad battery , bad',
    label: 1,
    rating: -1,
    shares: [0.03153, 0.812528, 0.155942],
    found: -1.376194,
  },
  { text: 'a battery', label: 2, rating: 0, shares: [0.048307, 0.124175, 0.827518], found: -0.207117 },
  {
    text: 'the good battery',
    label: 2,
    rating: 0.5,
    shares: [0.178845, 0.07989, 0.741265],
    found: 1.209528,
  },
];

describe('over TF-IDF, as scikit-learn has them:', () => {
  const tokens = reference.map(({ text }) => text.split(' '));
  const { size, encode } = tfIdf(tokens);
  const vectors = tokens.map(encode);

  test('vectors', () => {
    expect(size).toBe(68);
    const sorted = (own: Iterable<number>) => [...own].sort((a, b) => a - b);
    const repeated = (value: number, times: number) =>
      Array.from({ length: times }, () => expect.closeTo(value, 5));
    const own = vectors.map(({ values }) => sorted(values));
    expect(own[0]).toEqual([
      ...repeated(0.123015, 1),
      ...repeated(0.166231, 16),
      ...repeated(0.196894, 14),
      ...repeated(0.542092, 2),
      ...repeated(0.642085, 1),
    ]);
    expect(own[3]).toEqual([
      ...repeated(0.130852, 23),
      ...repeated(0.163954, 1),
      ...repeated(0.235318, 3),
      ...repeated(0.262419, 6),
      ...repeated(0.446239, 1),
      ...repeated(0.894914, 1),
    ]);
  });

  test('logistic regression', () => {
    const targets = reference.map(({ label }) => [0, 1, 2].map((one) => Number(one === label)));
    const scoresOf = linearModel(vectors, targets, { size, link: 'softmax', penalty: 0.25 });
    for (const [index, { shares }] of reference.entries()) {
      const strengths = scoresOf(vectors[index]).map(Math.exp);
      const total = strengths.reduce((sum, strength) => sum + strength, 0);
      for (const [place, share] of shares.entries()) expect(strengths[place] / total).toBeCloseTo(share, 4);
    }
  });

  test('linear regression', () => {
    const targets = reference.map(({ rating }) => [rating]);
    const scoresOf = linearModel(vectors, targets, { size, link: 'identity', penalty: 0.5 });
    for (const [index, { found }] of reference.entries()) {
      expect(scoresOf(vectors[index])[0]).toBeCloseTo(found, 4);
    }
  });
});

test('a function that is steep one way and flat another is least where its derivatives are zero', () => {
  const steepness = [1e4, 1, 1e-2];
  const least = [3, -2, 50];
  const found = minimize(
    (place) => ({
      value: steepness.reduce(
        (sum, steep, index) => sum + (steep * (place[index] - least[index]) ** 2) / 2,
        0,
      ),
      gradient: Float64Array.from(steepness, (steep, index) => steep * (place[index] - least[index])),
    }),
    3,
    1e-8,
  );
  for (const [index, value] of least.entries()) expect(found[index]).toBeCloseTo(value, 5);
});
