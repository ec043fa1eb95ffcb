import type { Heads, InputKind, MultiTaskModel } from '@espalier/core';
import { type Carry, carry, type NamedTensors } from '@espalier/engine';
import * as tf from '@tensorflow/tfjs-core';
import { batchOf } from './batch-tensors.js';

/**
 * The forward pass of a training step. What it changes besides, the statistics of batch normalization, is put aside:
 * a step that is given up must not leave a trace, and one whose losses are computed twice counts once.
 */
export class ForwardPass<H extends Heads, I extends InputKind = 'common'> {
  private readonly statistics: readonly tf.Variable[];
  private readonly aside: Carry<NamedTensors> = carry();

  constructor(private readonly model: MultiTaskModel<H, I>) {
    const trainable = new Set(model.variables);
    this.statistics = [...model.weights.values()].filter((variable) => !trainable.has(variable));
  }

  /** What a program has to have in its state. */
  get state(): readonly [Carry<NamedTensors>] {
    return [this.aside];
  }

  /** The losses of the tasks that have labels, in the model's order, and the penalties of the layers. */
  run(inputs: NamedTensors): { readonly losses: tf.Scalar[]; readonly penalties: tf.Scalar[] } {
    const { model, statistics } = this;
    const before = statistics.map((variable) => tf.clone(variable));
    const byTask = model.losses(batchOf(model, inputs), { training: true });
    const changed = statistics.flatMap((variable, index) =>
      variable.dataId === before[index].dataId ? [] : [[String(index), tf.clone(variable)] as const],
    );
    if (changed.length > 0) this.aside.set(Object.fromEntries(changed));
    for (const [index] of changed) statistics[Number(index)].assign(before[Number(index)]);
    return {
      losses: model.tasks.flatMap(({ name }) => byTask[name] ?? []),
      penalties: model.network.calculateLosses() as tf.Scalar[],
    };
  }

  /** Puts in place what the last pass had put aside. */
  keepStatistics(): void {
    if (this.aside.variables.length === 0) return;
    for (const [index, value] of Object.entries(this.aside.get())) {
      this.statistics[Number(index)].assign(value);
    }
  }

  dispose(): void {
    this.aside.dispose();
  }
}
