import type { EngineName } from './engine-names.js';

/** An engine that cannot be used, or a use of it that it refuses; the message ends with what to do. */
export class EngineError extends Error {
  override readonly name = 'EngineError';

  /**
   * @param engine The engine that was asked.
   * @param reason What was found, and what was expected.
   * @param remedy What to do about it.
   */
  constructor(
    readonly engine: EngineName,
    readonly reason: string,
    readonly remedy: string,
    options?: ErrorOptions,
  ) {
    super(`engine '${engine}': ${reason}. ${remedy}`, options);
  }
}

/** Gradients that cannot be taken; the message says what was expected. */
export class GradientError extends Error {
  override readonly name = 'GradientError';
}

/** A program that cannot be traced or run; the message names the entry and says what to do instead. */
export class ProgramError extends Error {
  override readonly name = 'ProgramError';
}

/** A cluster that cannot be used as it is; the message names the machine and says what to do. */
export class ClusterError extends Error {
  override readonly name: string = 'ClusterError';
}

/** A run on a cluster that did not end: a machine or the network between them is lost. See `Cluster.recover`. */
export class ClusterFault extends ClusterError {
  override readonly name = 'ClusterFault';

  /** @param changedState Whether it was a run that changes more than what the next try writes anew. */
  constructor(
    message: string,
    readonly changedState: boolean,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}
