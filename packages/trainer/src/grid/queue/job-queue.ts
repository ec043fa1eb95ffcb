import type { GridJob } from '../jobs.js';
import type { Fingerprint, SharedConditions } from './fingerprint.js';

/** Where the queue of a grid is, and what all that work on it have to have in common. */
export interface QueueOptions extends SharedConditions {
  /** `redis://host:6379`, or `rediss://` for TLS, with `user:password@` before the host where it takes one. */
  readonly url: string;
  /** Names the experiment, whose networks have a queue of their own; letters, digits and single . _ - */
  readonly name: string;
  /** Told, in a sentence, what people should know; `console.warn` unless given. */
  readonly notice?: (sentence: string) => void;
}

/** What the queue holds of a network. */
export interface QueuedJob {
  readonly job: GridJob;
  /** Of the grid that it belongs to. */
  readonly fingerprint: Fingerprint;
}

export const queueNameOf = (experiment: string) => `espalier-${experiment}`;

/** How often a network may lose its worker: one that ends every worker must not end them all. */
export const TAKEOVERS = 10;
