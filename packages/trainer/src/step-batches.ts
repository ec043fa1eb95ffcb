import {
  type Batch,
  BatchMemory,
  disposeBatch,
  type Heads,
  type InputKind,
  keepBatch,
  type MultiTaskModel,
} from '@espalier/core';
import type { DataOf } from './data.js';
import { exampleOf } from './example-of.js';
import type { Sampling, SamplingState } from './samplers/sampler.js';

/** Handing a step over to a thread of its own takes some 0.1 ms: to make a batch meanwhile, it has to take longer. */
const WORTH_WHILE = 0.0003;
/** Of so many steps the quickest tells how long a batch takes: any may be interrupted. */
const RECENT = 8;

/** The batches of one step, or what came in the way of them. */
interface Made<H extends Heads, I extends InputKind> {
  readonly batches: readonly Batch<H, I>[];
  /** How long they took. */
  readonly seconds: number;
  readonly error?: unknown;
}

/** Makes the batches of each step, those of the next one ahead if asked to. */
export class StepBatches<H extends Heads, I extends InputKind> {
  /** Two of each, since the batches of a step are there while those of the next are made. */
  private readonly memories: readonly (readonly BatchMemory[])[];
  private turn = 0;
  private recent: readonly number[] = [];
  private ahead: (Made<H, I> & { readonly before: SamplingState }) | undefined;

  /**
   * @param accumulate how many batches a step has.
   * @param traced whether steps copy what they are given: then batches that come one after another share memory.
   */
  constructor(
    private readonly model: MultiTaskModel<H, I>,
    private readonly data: DataOf<H, I>,
    private readonly sampling: Sampling<H>,
    private readonly accumulate: number,
    traced: boolean,
  ) {
    const memories = () => Array.from({ length: traced ? accumulate : 0 }, () => new BatchMemory());
    this.memories = [memories(), memories()];
  }

  /** Those of the next step, which are the caller's. */
  next(): Made<H, I> {
    const made = this.ahead ?? this.make();
    this.ahead = undefined;
    if ('error' in made) throw made.error;
    this.recent = [made.seconds, ...this.recent.slice(0, RECENT - 1)];
    return made;
  }

  /** Whether they take so long that the next ones had better be made while a step is computed. */
  get areSlow(): boolean {
    return Math.min(...this.recent) > WORTH_WHILE;
  }

  /** Makes those of the next step already; what comes in the way is thrown by `next`. */
  prepare(): void {
    this.ahead ??= { before: this.sampling.state(), ...this.make() };
  }

  /** Where the sampling is after the batches that `next` has given. */
  state(): SamplingState {
    return this.ahead?.before ?? this.sampling.state();
  }

  dispose(): void {
    this.ahead?.batches.forEach(disposeBatch);
    this.ahead = undefined;
  }

  private make(): Made<H, I> {
    const started = performance.now();
    const secondsUntilNow = () => (performance.now() - started) / 1000;
    const batches: Batch<H, I>[] = [];
    const memories = this.memories[this.turn++ % this.memories.length];
    try {
      while (batches.length < this.accumulate) {
        const examples = this.sampling.next().map((draw) => exampleOf(this.data, draw));
        batches.push(keepBatch(this.model.batch(examples, memories[batches.length])));
      }
      return { batches, seconds: secondsUntilNow() };
    } catch (error) {
      batches.forEach(disposeBatch);
      return { batches: [], seconds: secondsUntilNow(), error };
    }
  }
}
