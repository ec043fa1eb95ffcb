/** The learning rate at a step, counted from 0, of `steps` in all. */
export type Schedule = (step: number, steps: number) => number;

/** The same learning rate at every step. */
export function constant(learningRate: number): Schedule {
  return () => learningRate;
}

/**
 * Rises linearly to `peak` over the first `warmup` of the steps (a fraction), then falls to 0 along a cosine.
 *
 * I. Loshchilov, F. Hutter, "SGDR", ICLR 2017, equation 5, without restarts.
 */
export function warmupCosine(peak: number, warmup = 0.1): Schedule {
  return (step, steps) => {
    const rising = Math.ceil(steps * warmup);
    if (step < rising) return (peak * (step + 1)) / rising;
    const falling = (step - rising) / Math.max(steps - rising, 1);
    return (peak * (1 + Math.cos(Math.PI * falling))) / 2;
  };
}
