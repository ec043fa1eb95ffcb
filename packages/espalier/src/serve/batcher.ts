import type { Limits } from './limits.js';
import { Refusal } from './refusal.js';

interface Waiting<In, Out> {
  readonly item: In;
  /** When it came, by the monotonic clock. */
  readonly since: number;
  readonly isWanted: () => boolean;
  resolve(result: Out): void;
  reject(error: unknown): void;
}

/** Takes what comes in one by one, and has it worked on in batches: one at a time, in order. */
export class Batcher<In, Out> {
  readonly #queue: Waiting<In, Out>[] = [];
  #running = false;
  #timer: NodeJS.Timeout | undefined;

  /** @param run gives a result for each item, in their order. */
  constructor(
    private readonly run: (items: readonly In[]) => Promise<readonly Out[]>,
    private readonly limits: Pick<Limits, 'maxBatch' | 'maxWaitMs' | 'maxWaiting' | 'timeoutMs'>,
  ) {}

  /** How many wait. */
  get waiting(): number {
    return this.#queue.length;
  }

  /**
   * @param isWanted whether somebody still waits for the results; items of which nobody does are left out.
   * @returns a result for each item.
   * @throws Refusal when there is no room for all of them, or their turn does not come in time.
   */
  async add(items: readonly In[], isWanted: () => boolean): Promise<readonly Out[]> {
    if (this.#queue.length + items.length > this.limits.maxWaiting) {
      throw comeAgain(`${this.#queue.length} examples wait already`);
    }
    const since = performance.now();
    const results = items.map(
      (item) =>
        new Promise<Out>((resolve, reject) => this.#queue.push({ item, since, isWanted, resolve, reject })),
    );
    this.#schedule();
    return Promise.all(results);
  }

  #schedule(): void {
    if (this.#running || this.#queue.length === 0) return;
    if (this.#queue.length >= this.limits.maxBatch) void this.#runBatch();
    else this.#timer ??= setTimeout(() => this.#runBatch(), this.limits.maxWaitMs);
  }

  async #runBatch(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const batch = this.#nextBatch();
    this.#running = true;
    try {
      const results = batch.length > 0 ? await this.run(batch.map(({ item }) => item)) : [];
      for (const [index, { resolve }] of batch.entries()) resolve(results[index]);
    } catch (error) {
      for (const { reject } of batch) reject(error);
    } finally {
      this.#running = false;
      this.#schedule();
    }
  }

  #nextBatch(): Waiting<In, Out>[] {
    const { maxBatch, timeoutMs } = this.limits;
    return this.#queue.splice(0, maxBatch).filter(({ since, isWanted, reject }) => {
      const isLate = performance.now() - since > timeoutMs;
      if (isLate || !isWanted()) reject(comeAgain(`the example has waited for ${timeoutMs} ms`));
      return !isLate && isWanted();
    });
  }
}

function comeAgain(why: string): Refusal {
  return new Refusal(503, `The service is busy: ${why}. Try again in a second.`, { 'retry-after': '1' });
}
