/** A batch of features as rows, for computations without TensorFlow.js. */
export type Matrix = number[][];

type Weights = ReadonlyMap<string, Float32Array>;

const identity = (value: number): number => value;
export const relu = (value: number): number => Math.max(0, value);
export const sigmoid = (value: number): number => 1 / (1 + Math.exp(-value));

/** rows × kernel, [inputs, outputs] in row-major order. */
export function times(rows: Matrix, kernel: Float32Array): Matrix {
  const outputs = kernel.length / rows[0].length;
  return rows.map((row) =>
    Array.from({ length: outputs }, (_, output) =>
      row.reduce((sum, value, input) => sum + value * kernel[input * outputs + output], 0),
    ),
  );
}

/** A dense layer of these weights. */
export function dense(rows: Matrix, weights: Weights, layer: string, activation = identity): Matrix {
  const bias = weights.get(`${layer}/bias`)!;
  return times(rows, weights.get(`${layer}/kernel`)!).map((row) =>
    row.map((value, output) => activation(value + bias[output])),
  );
}

/** Batch normalization by its moving statistics. */
export function normalized(rows: Matrix, weights: Weights, layer: string): Matrix {
  const [gamma, beta, mean, variance] = ['gamma', 'beta', 'moving_mean', 'moving_variance'].map(
    (name) => weights.get(`${layer}/${name}`)!,
  );
  return rows.map((row) =>
    row.map((value, c) => (gamma[c] * (value - mean[c])) / Math.sqrt(variance[c] + 1e-3) + beta[c]),
  );
}

export function softmax(row: number[]): number[] {
  const exps = row.map((value) => Math.exp(value));
  const sum = exps.reduce((total, value) => total + value);
  return exps.map((value) => value / sum);
}
