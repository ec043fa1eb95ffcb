import { TaskError } from '@espalier/core';

/** @throws RangeError when there are fewer names than `least`, or one twice. */
export function checkNames(names: readonly string[], what: string, least: number): void {
  if (names.length >= least && new Set(names).size === names.length) return;
  throw new RangeError(
    `A ${what} needs at least ${least} names, all different; found ${names.join(', ') || 'none'}.`,
  );
}

/** @throws TaskError when the name is none of these. */
export function placeOf(name: string, names: readonly string[], task: string): number {
  const place = names.indexOf(name);
  if (place >= 0) return place;
  throw new TaskError(task, `found the label "${name}"; expected one of ${names.join(', ')}.`);
}
