export function dot(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let total = 0;
  for (let i = 0; i < a.length; i++) total += a[i]! * b[i]!;
  return total;
}

/** exp(x) / sum(exp(x)), safe for any size of x. */
export function softmax(x: ArrayLike<number>): Float64Array {
  const largest = Math.max(...Array.from(x));
  const powers = Float64Array.from(x, (value) => Math.exp(value - largest));
  const total = powers.reduce((sum, power) => sum + power, 0);
  return powers.map((power) => power / total);
}

/** G x for a row-major n x n matrix. */
export function multiply(n: number, g: Float64Array, x: ArrayLike<number>): Float64Array {
  const product = new Float64Array(n);
  for (let i = 0; i < n; i++) {
    let total = 0;
    for (let j = 0; j < n; j++) total += g[i * n + j]! * x[j]!;
    product[i] = total;
  }
  return product;
}
