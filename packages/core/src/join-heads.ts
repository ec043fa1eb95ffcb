import { TaskError } from './errors.js';
import type { Heads } from './head.js';

/**
 * The heads of two parts of a program as one set. Spreading both into one object would let the second silently take
 * the place of the first where they have a name in common.
 *
 * @throws TaskError when two heads have one name.
 */
export function joinHeads<First extends Heads, Second extends Heads>(
  first: First,
  second: Second & { readonly [T in keyof First & keyof Second]: never },
): First & Second {
  for (const [name, { kind }] of Object.entries<Heads[string]>(second)) {
    if (name in first) {
      throw new TaskError(
        name,
        `two heads have this name, ${first[name].kind} and ${kind}; give each task its own.`,
      );
    }
  }
  return { ...first, ...second };
}
