/** The learning rate at a step, counted from 0, of `steps` in all. */
export type Schedule = (step: number, steps: number, stepsPerEpoch?: number) => number;

/** The same learning rate at every step. */
export function constant(learningRate: number): Schedule {
  return () => learningRate;
}

/**
 * Falls from `peak` to `end` along a cosine.
 *
 * I. Loshchilov, F. Hutter, "SGDR", ICLR 2017, equation 5, without restarts.
 */
export function cosine(peak: number, end = 0): Schedule {
  return (step, steps) => end + ((peak - end) * (1 + Math.cos((Math.PI * step) / Math.max(steps, 1)))) / 2;
}

/**
 * Rises linearly to another schedule's first rate over the first part of the steps, and follows it over the rest.
 *
 * @param part a fraction of the steps.
 */
export function warmup(schedule: Schedule, part = 0.1): Schedule {
  return (step, steps, stepsPerEpoch) => {
    const rising = Math.ceil(steps * part);
    const rest = steps - rising;
    return step < rising
      ? (schedule(0, rest, stepsPerEpoch) * (step + 1)) / rising
      : schedule(step - rising, rest, stepsPerEpoch);
  };
}

/** Rises linearly to `peak` over the first part of the steps, then falls to 0 along a cosine. */
export function warmupCosine(peak: number, part = 0.1): Schedule {
  return warmup(cosine(peak), part);
}

export interface OneCycleOptions {
  /** The fraction of the steps that rises; 0.3 unless given. */
  readonly rising?: number;
  /** By how much the first rate is below the peak; 25 unless given. */
  readonly start?: number;
  /** By how much the last rate is below the first; 10,000 unless given. */
  readonly end?: number;
}

/**
 * Rises to `peak` and falls far below where it began, along cosines: PyTorch's `OneCycleLR`, without its momentum.
 *
 * L. N. Smith, N. Topin, "Super-Convergence", 2018.
 */
export function oneCycle(
  peak: number,
  { rising = 0.3, start = 25, end = 10_000 }: OneCycleOptions = {},
): Schedule {
  const first = peak / start;
  return (step, steps) => {
    const top = rising * steps - 1;
    if (step <= top) return between(first, peak, step / Math.max(top, 1));
    return between(peak, first / end, (step - top) / (steps - 1 - top));
  };
}

/** A schedule that counts epochs in place of steps: the rate is the same within each. */
export function byEpoch(schedule: Schedule): Schedule {
  return (step, steps, stepsPerEpoch = 1) =>
    schedule(Math.floor(step / stepsPerEpoch), Math.ceil(steps / stepsPerEpoch));
}

/** Half a cosine from one value to another. */
function between(from: number, to: number, part: number): number {
  return to + ((from - to) * (1 + Math.cos(Math.PI * part))) / 2;
}
