import { InputError } from './errors.js';

/** One finite number a task, or an error that names the option. */
export function perTask(
  method: string,
  option: string,
  values: ArrayLike<number>,
  tasks: number,
): ArrayLike<number> {
  if (values.length !== tasks) throw new InputError(method, `${option} with ${tasks} entries`, values);
  return finite(method, option, values);
}

export function finite(method: string, option: string, values: ArrayLike<number>): ArrayLike<number> {
  if (!Array.from(values).every(Number.isFinite)) throw new InputError(method, `finite ${option}`, values);
  return values;
}

export function nonNegative(method: string, option: string, values: ArrayLike<number>): ArrayLike<number> {
  if (!Array.from(values).every((value) => value >= 0 && Number.isFinite(value)))
    throw new InputError(method, `non-negative ${option}`, values);
  return values;
}

/** A number option above `low`, or an error that names it. */
export function above(method: string, option: string, value: number, low: number): number {
  if (!(value > low && Number.isFinite(value))) throw new InputError(method, `${option} above ${low}`, value);
  return value;
}

/** Non-negative and of sum 1. */
export function preferences(method: string, option: string, values: ArrayLike<number>): ArrayLike<number> {
  nonNegative(method, option, values);
  const total = Array.from(values).reduce((sum, value) => sum + value, 0);
  if (Math.abs(total - 1) > 1e-9) throw new InputError(method, `${option} that sum to 1`, values);
  return values;
}

/** Losses above 0, for methods that take their logarithm. */
export function positive(method: string, tasks: readonly number[], losses: Float64Array): void {
  losses.forEach((loss, k) => {
    if (!(loss > 0)) throw new InputError(method, `a loss above 0 of task ${tasks[k]}`, loss);
  });
}
