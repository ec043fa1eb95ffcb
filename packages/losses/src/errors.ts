/** Every error of this package: which method refused, what it expected and what it found. */
export class LossesError extends Error {
  override name = 'LossesError';
  readonly method: string;
  readonly expected: string;
  readonly found: unknown;

  constructor(method: string, expected: string, found: unknown) {
    super(`${method}: expected ${expected}, found ${show(found)}`);
    this.method = method;
    this.expected = expected;
    this.found = found;
  }
}

/** An option, a loss, a gradient or a Gramian that the method cannot work with. */
export class InputError extends LossesError {
  override name = 'InputError';
}

/** The method needs something in the context (an epoch, a random source, a Gramian) that is not there. */
export class ContextError extends LossesError {
  override name = 'ContextError';
}

/** A saved state that belongs to another number of tasks. */
export class StateError extends LossesError {
  override name = 'StateError';
}

/** The method's own equations have no solution here, e.g. Nash-MTL at a Pareto-stationary point. */
export class DegenerateError extends LossesError {
  override name = 'DegenerateError';
}

/** A solver stopped before its optimality conditions held; `found` is the residual it reached. */
export class ConvergenceError extends LossesError {
  override name = 'ConvergenceError';
}

function show(found: unknown): string {
  if (typeof found === 'number' || found === undefined) return String(found);
  if (typeof found === 'string') return found;
  return JSON.stringify(
    ArrayBuffer.isView(found) ? Array.from(found as unknown as ArrayLike<number>) : found,
  );
}
