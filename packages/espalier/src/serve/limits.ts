/** What the service does not go beyond. */
export interface Limits {
  /** Examples in a forward pass, and in a request. */
  readonly maxBatch: number;
  /** How long an example waits for others, in milliseconds. */
  readonly maxWaitMs: number;
  /** Bytes of a request's body. */
  readonly maxBytes: number;
  /** How long a request may take to arrive, in milliseconds; its answer may take as long again. */
  readonly timeoutMs: number;
  /** Examples that may wait; beyond, requests are told to come again. */
  readonly maxWaiting: number;
}
