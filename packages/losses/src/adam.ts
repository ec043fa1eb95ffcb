/** First and second moments and the number of steps, one a task: an absent task's stay as they are. */
export interface AdamState {
  readonly m: readonly number[];
  readonly v: readonly number[];
  readonly steps: readonly number[];
}

interface AdamOptions {
  readonly lr: number;
  readonly beta1?: number;
  readonly beta2?: number;
  readonly adamEps?: number;
}

export function adamInit(tasks: number): AdamState {
  const zeros = () => new Array<number>(tasks).fill(0);
  return { m: zeros(), v: zeros(), steps: zeros() };
}

/** One step of Adam, arXiv 1412.6980, on the parameters of the present tasks; `gradients[k]` is that of `tasks[k]`. */
export function adamStep(
  state: AdamState,
  parameters: readonly number[],
  tasks: readonly number[],
  gradients: ArrayLike<number>,
  { lr, beta1 = 0.9, beta2 = 0.999, adamEps = 1e-8 }: AdamOptions,
): { readonly parameters: number[]; readonly adam: AdamState } {
  const next = [...parameters];
  const m = [...state.m];
  const v = [...state.v];
  const steps = [...state.steps];
  tasks.forEach((task, k) => {
    const gradient = gradients[k]!;
    const step = steps[task]! + 1;
    steps[task] = step;
    m[task] = beta1 * m[task]! + (1 - beta1) * gradient;
    v[task] = beta2 * v[task]! + (1 - beta2) * gradient * gradient;
    const mean = m[task] / (1 - beta1 ** step);
    const square = v[task] / (1 - beta2 ** step);
    next[task] = next[task]! - (lr * mean) / (Math.sqrt(square) + adamEps);
  });
  return { parameters: next, adam: { m, v, steps } };
}
