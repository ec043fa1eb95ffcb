import { minimize } from './minimize.js';
import type { SparseVector } from './tf-idf.js';

/** What is compared with the targets: the softmax of the scores (logistic regression), or they (linear regression). */
export type Link = 'softmax' | 'identity';

/** Where no derivative of the mean loss is larger, the weights are taken for the best. */
const TOLERANCE = 2e-5;

/**
 * Finds the weights of a linear model under which the summed loss of the examples, plus `penalty` times half the squared
 * length of the weights without the intercepts, is least, as scikit-learn's `LogisticRegression(C=1 / penalty)` and
 * `Ridge(alpha=penalty)` do. The loss is the cross-entropy in nats, or half the squared error.
 *
 * @param targets for each example a target a score.
 * @returns what gives a vector its scores.
 */
export function linearModel(
  vectors: readonly SparseVector[],
  targets: readonly (readonly number[])[],
  { size, link, penalty }: { readonly size: number; readonly link: Link; readonly penalty: number },
): (vector: SparseVector) => number[] {
  const outputs = targets[0].length;
  // [size + 1, outputs] in row-major order: the intercepts come last.
  const intercepts = size * outputs;
  const scoresOf = (weights: Float64Array, { places, values }: SparseVector) => {
    const scores = Array.from(weights.subarray(intercepts));
    for (let term = 0; term < places.length; term++) {
      const row = places[term] * outputs;
      for (let output = 0; output < outputs; output++) scores[output] += weights[row + output] * values[term];
    }
    return scores;
  };
  const lossAt = (weights: Float64Array) => {
    const gradient = weights.map((weight) => penalty * weight);
    gradient.fill(0, intercepts);
    let loss = 0;
    for (let index = 0; index < intercepts; index++) loss += (penalty * weights[index] ** 2) / 2;
    for (const [example, vector] of vectors.entries()) {
      const { places, values } = vector;
      const { own, errors } = compared(scoresOf(weights, vector), targets[example], link);
      loss += own;
      for (let output = 0; output < outputs; output++) {
        gradient[intercepts + output] += errors[output];
        for (let term = 0; term < places.length; term++) {
          gradient[places[term] * outputs + output] += errors[output] * values[term];
        }
      }
    }
    return { value: loss, gradient };
  };
  const weights = minimize(lossAt, intercepts + outputs, TOLERANCE * vectors.length);
  return (vector) => scoresOf(weights, vector);
}

/** The loss of one example, and its derivatives by the scores. */
function compared(scores: readonly number[], target: readonly number[], link: Link) {
  if (link === 'identity') {
    const errors = scores.map((score, output) => score - target[output]);
    return { own: errors.reduce((sum, error) => sum + error ** 2 / 2, 0), errors };
  }
  const most = Math.max(...scores);
  const logTotal = most + Math.log(scores.reduce((sum, score) => sum + Math.exp(score - most), 0));
  return {
    own: scores.reduce((sum, score, output) => sum + target[output] * (logTotal - score), 0),
    errors: scores.map((score, output) => Math.exp(score - logTotal) - target[output]),
  };
}
