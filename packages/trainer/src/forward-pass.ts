import type { Heads, InputKind, MultiTaskModel } from '@espalier/core';
import { type NamedTensors, overWorkers, type StateHolder } from '@espalier/engine';
import * as tf from '@tensorflow/tfjs-core';
import { batchOf, tasksWith } from './batch-tensors.js';

/**
 * The forward pass of a training step. What it changes besides, the statistics of batch normalization, is put aside:
 * a step that is given up must not leave a trace, and one whose losses are computed twice counts once.
 */
export class ForwardPass<H extends Heads, I extends InputKind = 'common'> {
  private readonly candidates: readonly tf.Variable[];
  /** For every statistic what the last pass has made of it. */
  private readonly aside = new Map<tf.Variable, tf.Variable>();
  private readonly looked = new Set<string>();

  constructor(private readonly model: MultiTaskModel<H, I>) {
    const trainable = new Set(model.variables);
    this.candidates = [...model.weights.values()].filter((variable) => !trainable.has(variable));
  }

  /** What a program has to have in its state. */
  get state(): StateHolder {
    const { aside } = this;
    return {
      get variables() {
        return [...aside.values()];
      },
    };
  }

  /**
   * Outside of the program: finds out which statistics a pass changes, by one pass for every set of tasks with inputs.
   *
   * @returns whether there are more than were known, so that traces of before do not fit any more.
   */
  prepare(inputs: NamedTensors): boolean {
    const filled = Object.keys(inputs).filter((name) => name.endsWith('inputs') && inputs[name].size > 0);
    const key = filled.join();
    if (this.candidates.length === 0 || this.looked.has(key)) return false;
    this.looked.add(key);
    const known = this.aside.size;
    tf.tidy(() => {
      const before = this.candidates.map((variable) => tf.clone(variable));
      this.model.losses(batchOf(this.model, inputs), { training: true });
      for (const [index, statistic] of this.candidates.entries()) {
        if (statistic.dataId === before[index].dataId) continue;
        statistic.assign(before[index]);
        if (!this.aside.has(statistic)) this.aside.set(statistic, tf.variable(before[index], false));
      }
    });
    return this.aside.size > known;
  }

  /** Before the first of several passes that go on from each other: those of batches with a `part`. */
  begin(): void {
    for (const [statistic, aside] of this.aside) aside.assign(statistic);
  }

  /**
   * The losses of the tasks that have labels, in the model's order, and the penalties of the layers. On a worker of a
   * cluster, those of its own examples: the whole batch's are sums over workers by their shares.
   */
  run(inputs: NamedTensors): { readonly losses: tf.Scalar[]; readonly penalties: tf.Scalar[] } {
    const { model, aside } = this;
    const before = [...aside.keys()].map((statistic) => tf.clone(statistic));
    if ('part' in inputs) this.keepStatistics();
    const byTask = model.losses(batchOf(model, inputs), { training: true });
    for (const [statistic, kept] of aside) kept.assign(overWorkers(statistic, workerShare(inputs)));
    for (const [index, statistic] of [...aside.keys()].entries()) statistic.assign(before[index]);
    return {
      losses: model.tasks.flatMap(({ name }) => byTask[name] ?? []),
      penalties: model.network.calculateLosses() as tf.Scalar[],
    };
  }

  /** Puts in place what the last pass had put aside. */
  keepStatistics(): void {
    for (const [statistic, aside] of this.aside) statistic.assign(aside);
  }

  dispose(): void {
    tf.dispose([...this.aside.values()]);
  }
}

/**
 * What a worker of a cluster has of all examples, or of those with a label of a task, as a part of 1; on one machine
 * `undefined`.
 */
export function workerShare(inputs: NamedTensors, task?: string): tf.Scalar | undefined {
  return inputs[task === undefined ? 'worker-share' : `${task}/worker-share`] as tf.Scalar | undefined;
}

/** The losses of the tasks that have labels, over all workers, as one tensor. */
export function sumLosses<H extends Heads, I extends InputKind>(
  model: MultiTaskModel<H, I>,
  inputs: NamedTensors,
  losses: readonly tf.Scalar[],
): tf.Tensor {
  const present = tasksWith(model, 'mask', inputs);
  return tf.stack(
    present.map((task, place) => overWorkers(losses[place], workerShare(inputs, model.tasks[task].name))),
  );
}
