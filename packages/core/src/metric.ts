/** A number that says how good predictions are. */
export interface Metric<Label, Prediction> {
  readonly name: string;
  readonly better: 'higher' | 'lower';

  /** Both lists have one entry an example, in the same order, and at least one entry. */
  compute(predictions: readonly Prediction[], labels: readonly Label[]): number;
}
