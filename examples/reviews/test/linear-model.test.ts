import { describe, expect, test } from 'vitest';
import { linearModel } from '../src/linear-model.js';
import { minimize } from '../src/minimize.js';
import { tfIdf } from '../src/tf-idf.js';

/**
 * What scikit-learn 1.9.1 has for these texts: `TfidfVectorizer(ngram_range=(1, 2), min_df=2, tokenizer=str.split,
 * token_pattern=None)`, `LogisticRegression(tol=1e-10)` and `Ridge(solver='cholesky')`.
 */
const reference = [
  { text: 'a good film', label: 0, rating: 2, shares: [0.47081, 0.263884, 0.265306], found: 0.799245 },
  { text: 'a bad film', label: 1, rating: -2.5, shares: [0.277188, 0.510275, 0.212537], found: -0.688064 },
  { text: 'good good', label: 0, rating: 3, shares: [0.519137, 0.195111, 0.285752], found: 1.789744 },
  {
    text: 'bad battery , bad',
    label: 1,
    rating: -1,
    shares: [0.18148, 0.554288, 0.264231],
    found: -0.903404,
  },
  { text: 'a battery', label: 2, rating: 0, shares: [0.221497, 0.270339, 0.508164], found: -0.086271 },
  { text: 'the good battery', label: 2, rating: 0.5, shares: [0.329887, 0.206102, 0.464011], found: 1.08875 },
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
    expect(own[3]).toEqual([0.388903, 0.921279].map((value) => expect.closeTo(value, 5)));
  });

  test('logistic regression', () => {
    const targets = reference.map(({ label }) => [0, 1, 2].map((one) => Number(one === label)));
    const scoresOf = linearModel(vectors, targets, { size, link: 'softmax' });
    for (const [index, { shares }] of reference.entries()) {
      const strengths = scoresOf(vectors[index]).map(Math.exp);
      const total = strengths.reduce((sum, strength) => sum + strength, 0);
      for (const [place, share] of shares.entries()) expect(strengths[place] / total).toBeCloseTo(share, 4);
    }
  });

  test('linear regression', () => {
    const targets = reference.map(({ rating }) => [rating]);
    const scoresOf = linearModel(vectors, targets, { size, link: 'identity' });
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
