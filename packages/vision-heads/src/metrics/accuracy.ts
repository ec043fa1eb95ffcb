import type { Metric } from '@espalier/core';

/** The share of examples whose predicted class index is the labelled one, from 0 to 1. */
export function accuracy<Prediction>(
  indexOf: (prediction: Prediction) => number,
): Metric<number, Prediction> {
  return {
    name: 'accuracy',
    better: 'higher',
    compute(predictions, labels) {
      const correct = predictions.filter((prediction, example) => indexOf(prediction) === labels[example]);
      return correct.length / predictions.length;
    },
  };
}
