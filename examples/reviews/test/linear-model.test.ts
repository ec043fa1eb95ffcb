import { describe, expect, test } from 'vitest';
import { linearModel } from '../src/linear-model.js';
import { minimize } from '../src/minimize.js';
import { tfIdf } from '../src/tf-idf.js';

/**
 * What scikit-learn 1.9.1 has for these texts: `TfidfVectorizer(ngram_range=(1, 2), min_df=2, sublinear_tf=True,
 * tokenizer=str.split, token_pattern=None)`, `LogisticRegression(C=4, tol=1e-10)` and
 * `Ridge(alpha=0.5, solver='cholesky')`.
 */
const reference = [
  { text: 'a good film', label: 0, rating: 2, shares: [0.65475, 0.174158, 0.171092], found: 0.921353 },
  { text: 'a bad film', label: 1, rating: -2.5, shares: [0.199948, 0.701623, 0.098429], found: -0.935578 },
  { text: 'good good', label: 0, rating: 3, shares: [0.718713, 0.088686, 0.192601], found: 2.174955 },
  {
    text: 'bad battery , bad',
    label: 1,
    rating: -1,
    shares: [0.063765, 0.763752, 0.172483],
    found: -1.221754,
  },
  { text: 'a battery', label: 2, rating: 0, shares: [0.106301, 0.166846, 0.726853], found: -0.169704 },
  {
    text: 'the good battery',
    label: 2,
    rating: 0.5,
    shares: [0.256523, 0.104935, 0.638542],
    found: 1.230728,
  },
];

describe('over TF-IDF, as scikit-learn has them:', () => {
  const tokens = reference.map(({ text }) => text.split(' '));
  const { size, encode } = tfIdf(tokens);
  const vectors = tokens.map(encode);

  test('vectors', () => {
    expect(size).toBe(5);
    const sorted = (own: Iterable<number>) => [...own].sort((a, b) => a - b);
    const own = vectors.map(({ values }) => sorted(values));
    expect(own[0]).toEqual([0.542092, 0.542092, 0.642085].map((value) => expect.closeTo(value, 5)));
    expect(own[3]).toEqual([0.446239, 0.894914].map((value) => expect.closeTo(value, 5)));
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
