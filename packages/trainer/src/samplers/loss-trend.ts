/** A task's loss in the course of training. */
export interface LossTrend {
  readonly first: number;
  /** Its mean over the last 10 steps or so. */
  readonly fast: number;
  /** Its mean over the last 100 steps or so. */
  readonly slow: number;
}

export function followLoss(trend: LossTrend | null, loss: number): LossTrend {
  if (trend === null) return { first: loss, fast: loss, slow: loss };
  return {
    first: trend.first,
    fast: trend.fast + 0.1 * (loss - trend.fast),
    slow: trend.slow + 0.01 * (loss - trend.slow),
  };
}
