/** The share of predictions that equal their label, from 0 to 1. Equal to scikit-learn's `accuracy_score`. */
export function accuracyScore<Class>(predictions: readonly Class[], labels: readonly Class[]): number {
  return predictions.filter((prediction, index) => prediction === labels[index]).length / predictions.length;
}

/**
 * The mean over the classes of each one's F1, from 0 to 1; a class counts when it is predicted or labelled, and one that
 * is never right has 0. Equal to scikit-learn's `f1_score(average='macro')`.
 */
export function macroF1<Class>(predictions: readonly Class[], labels: readonly Class[]): number {
  const classes = new Set([...labels, ...predictions]);
  const scores = [...classes].map((one) => {
    const right = predictions.filter(
      (prediction, index) => prediction === one && labels[index] === one,
    ).length;
    const counted = count(predictions, one) + count(labels, one);
    return (2 * right) / counted;
  });
  return scores.reduce((sum, score) => sum + score, 0) / scores.length;
}

/**
 * Matthews correlation coefficient of any number of classes, from −1 to 1; 0 where predictions or labels are all of one
 * class. Equal to scikit-learn's `matthews_corrcoef`.
 *
 * J. Gorodkin, "Comparing two K-category assignments by a K-category correlation coefficient", 2004, equation 8.
 */
export function matthewsCorrelation<Class>(predictions: readonly Class[], labels: readonly Class[]): number {
  const total = labels.length;
  const right = labels.filter((label, index) => label === predictions[index]).length;
  const classes = [...new Set([...labels, ...predictions])].map((one) => ({
    predicted: count(predictions, one),
    labelled: count(labels, one),
  }));
  const sum = (term: (counts: (typeof classes)[number]) => number) =>
    classes.reduce((result, counts) => result + term(counts), 0);
  const covariance = right * total - sum(({ predicted, labelled }) => predicted * labelled);
  const predictionVariance = total ** 2 - sum(({ predicted }) => predicted ** 2);
  const labelVariance = total ** 2 - sum(({ labelled }) => labelled ** 2);
  // The root of the product, not the product of roots: so perfect predictions give exactly 1.
  const scale = Math.sqrt(predictionVariance * labelVariance);
  return scale === 0 ? 0 : covariance / scale;
}

/**
 * F1 of all labels of all examples together (micro average), from 0 to 1, where an example may carry several. Equal to
 * scikit-learn's `f1_score(average='micro')` of indicators; 0 where there is none.
 */
export function multiLabelF1<Class>(
  predictions: readonly (readonly Class[])[],
  labels: readonly (readonly Class[])[],
): number {
  let [right, counted] = [0, 0];
  for (const [example, found] of predictions.entries()) {
    right += found.filter((one) => labels[example].includes(one)).length;
    counted += found.length + labels[example].length;
  }
  return counted === 0 ? 0 : (2 * right) / counted;
}

function count<Class>(classes: readonly Class[], wanted: Class): number {
  return classes.filter((one) => one === wanted).length;
}
