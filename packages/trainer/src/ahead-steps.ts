import type { Heads, InputKind } from '@espalier/core';
import { type Cluster, WorkerBatch } from '@espalier/engine/cluster';
import * as tf from '@tensorflow/tfjs-core';
import { labelledTasks, type Part } from './batch-tensors.js';
import { type ClusterSteps, repeatWhereLost } from './cluster-step.js';
import type { Draw } from './samplers/shuffled-pool.js';
import { split } from './split.js';
import type { StepOptions, StepResult, Training } from './training.js';
import { partOfWorkers, requestFor } from './worker-examples.js';

/** One of the parts of a batch: as many of any batches make an update. */
type Share = readonly Draw[];

/** What a worker is at. */
interface Work {
  readonly worker: number;
  readonly shares: readonly Share[];
  /** Whether an update was made without it. */
  isLate: boolean;
}

/** Work whose gradients wait on the parameter servers. */
interface Finding extends Work {
  readonly batch: WorkerBatch;
}

/**
 * Each worker reads and computes on its own, and an update is made of what is there first. So only then it is known
 * which examples it is made of.
 */
export class AheadSteps<H extends Heads, I extends InputKind> implements ClusterSteps<H, I> {
  /** What no update was made of so far, in order. */
  private shares: Share[] = [];
  /** Each with its end. */
  private readonly working = new Map<Work, Promise<void>>();
  /** In the order in which they came. */
  private findings: Finding[] = [];
  /** How long each worker took last, ms. */
  private readonly took = new Map<number, number>();
  private generation: number;

  /**
   * @param needed how many shares a batch has, and an update is made of.
   * @param late what becomes of gradients that come after an update: they are `dropped`, or make a later one.
   */
  constructor(
    private readonly cluster: Cluster,
    private readonly tasks: readonly string[],
    private readonly needed: number,
    private readonly late: 'dropped' | 'used later',
  ) {
    this.generation = cluster.generation;
  }

  step(
    training: Training<H, I>,
    next: () => readonly Draw[] | undefined,
    at: StepOptions,
  ): Promise<StepResult<H>> {
    return repeatWhereLost(this.cluster, at.step, async () => {
      const workers = await this.cluster.ready(at.step);
      if (this.generation !== this.cluster.generation) await this.beginAnew();
      for (;;) {
        this.handOut(workers, training, next, at);
        const first = this.firstFindings();
        if (first !== undefined) return this.update(first, training, at);
        await Promise.race(this.working.values());
      }
    });
  }

  dispose(): void {
    this.working.clear();
    this.findings = [];
  }

  /** All that was under way is cancelled where workers are lost, or come back. */
  private async beginAnew(): Promise<void> {
    // None is asked for anything before it has ended what it was at.
    await Promise.allSettled(this.working.values());
    this.dispose();
    this.generation = this.cluster.generation;
  }

  /** Gives shares to workers that have nothing to do: to the quickest first, where there is not enough for all. */
  private handOut(
    workers: readonly number[],
    training: Training<H, I>,
    next: () => readonly Draw[] | undefined,
    at: StepOptions,
  ): void {
    const busy = new Set([...this.working.keys(), ...this.findings].map(({ worker }) => worker));
    const free = workers.filter((worker) => !busy.has(worker));
    free.sort((a, b) => (this.took.get(a) ?? 0) - (this.took.get(b) ?? 0));
    // Where too few workers are left, some have several shares, and all are waited for.
    const sizes = split(Array.from({ length: this.needed }), Math.min(this.needed, workers.length));
    for (const worker of free) {
      const current = [...this.working.keys(), ...this.findings].filter(({ isLate }) => !isLate);
      const taken = new Set(current.flatMap(({ shares }) => shares));
      const size = sizes[current.length]?.length ?? 1;
      let shares = this.shares.filter((share) => !taken.has(share));
      if (shares.length < size) {
        const batch = split(next() ?? [], this.needed).filter(({ length }) => length > 0);
        this.shares.push(...batch);
        shares = [...shares, ...batch];
      }
      if (shares.length === 0) return;
      this.begin({ worker, shares: shares.slice(0, size), isLate: false }, training, at);
    }
  }

  private begin(work: Work, training: Training<H, I>, at: StepOptions): void {
    const { worker, shares } = work;
    const begun = performance.now();
    const compute = async () => {
      const batch = await this.cluster.read(new Map([[worker, requestFor(shares.flat(), this.tasks)]]));
      await this.withPart(batch, (part) => training.ahead(part, at));
      this.took.set(worker, performance.now() - begun);
      // It may have been given up.
      if (this.working.delete(work) && !work.isLate) this.findings.push(Object.assign(work, { batch }));
    };
    const ended = compute();
    // What fails is thrown where it is waited for.
    ended.catch(() => undefined);
    this.working.set(work, ended);
  }

  /** Those that an update is made of, once they are there. */
  private firstFindings(): readonly Finding[] | undefined {
    let count = 0;
    const end = this.findings.findIndex(({ shares }) => {
      count += shares.length;
      return count >= this.needed;
    });
    return end < 0 ? undefined : this.findings.slice(0, end + 1);
  }

  private async update(
    findings: readonly Finding[],
    training: Training<H, I>,
    at: StepOptions,
  ): Promise<StepResult<H>> {
    const batch = WorkerBatch.together(findings.map(({ batch }) => batch));
    const result = await this.withPart(batch, async (part) =>
      training.stepOn(() => (labelledTasks([part]).length > 0 ? [part] : []), at),
    );
    const used = new Set(findings.flatMap(({ shares }) => shares));
    this.shares = this.shares.filter((share) => !used.has(share));
    if (this.late === 'used later') {
      this.findings = this.findings.filter((finding) => !findings.includes(finding));
    } else {
      this.findings = [];
      for (const work of this.working.keys()) work.isLate = true;
    }
    return result;
  }

  private async withPart<R>(batch: WorkerBatch, use: (part: Part) => Promise<R>): Promise<R> {
    const part = partOfWorkers(this.tasks, batch, 'with masks');
    try {
      return await use(part);
    } finally {
      tf.dispose(part.tensors as tf.NamedTensorMap);
    }
  }
}
