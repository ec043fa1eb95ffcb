/** In four sums, which do not wait for each other. */
export function dot(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let first = 0;
  let second = 0;
  let third = 0;
  let fourth = 0;
  let i = 0;
  for (; i + 3 < a.length; i += 4) {
    first += a[i]! * b[i]!;
    second += a[i + 1]! * b[i + 1]!;
    third += a[i + 2]! * b[i + 2]!;
    fourth += a[i + 3]! * b[i + 3]!;
  }
  for (; i < a.length; i++) first += a[i]! * b[i]!;
  return first + second + (third + fourth);
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
