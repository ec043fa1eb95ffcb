import type { Metric } from '@espalier/core';

/**
 * The F1 score of each class, averaged over the classes that are labelled or predicted. From 0 to 1. The reference is
 * scikit-learn's `f1_score` with `average='macro'`.
 */
export function macroF1<Prediction>(indexOf: (prediction: Prediction) => number): Metric<number, Prediction> {
  return {
    name: 'macro F1',
    better: 'higher',
    compute(predictions, labels) {
      const found = predictions.map(indexOf);
      const scores = [...new Set([...found, ...labels])].map((index) => f1(found, labels, index));
      return scores.reduce((sum, score) => sum + score, 0) / scores.length;
    },
  };
}

function f1(found: readonly number[], labels: readonly number[], index: number): number {
  const hits = found.filter((own, example) => own === index && labels[example] === index).length;
  const claims = found.filter((own) => own === index).length + labels.filter((own) => own === index).length;
  return (2 * hits) / claims;
}
