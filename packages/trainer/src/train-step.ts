import {
  type Batch,
  type Heads,
  type MultiTaskModel,
  type Random,
  type TaskName,
  withRandom,
} from '@espalier/core';
import { lossGradients } from '@espalier/engine';
import type { TaskState, Weighting } from '@espalier/losses';
import * as tf from '@tensorflow/tfjs-core';
import { NonFiniteLossError } from './errors.js';
import type { Optimizer } from './optimizers/optimizer.js';

/** The losses of the tasks that had a label in the batch. */
export type StepLosses<H extends Heads> = { readonly [T in TaskName<H>]?: number };

export interface TrainStepOptions {
  readonly optimizer: Optimizer;
  readonly learningRate: number;
  readonly weighting: Weighting;
  readonly state: TaskState;
  /** Where layers such as dropout draw from. */
  readonly random: Random;
  /** Counted from 1. */
  readonly step: number;
  /** Counted from 1. */
  readonly epoch: number;
}

/**
 * One update: losses, their combination, gradients, optimizer. The batch stays the caller's.
 *
 * @throws NonFiniteLossError before anything is changed.
 */
export function trainStep<H extends Heads>(
  model: MultiTaskModel<H>,
  batch: Batch<H>,
  { optimizer, learningRate, weighting, state, random, step, epoch }: TrainStepOptions,
): { readonly losses: StepLosses<H>; readonly state: TaskState } {
  const names = model.tasks.map(({ name }) => name);
  if (names.every((name) => batch.targets[name].labelled === 0)) return { losses: {}, state };

  let values: readonly (number | undefined)[] = [];
  let nextState = state;
  const { loss, gradients } = withRandom(random, () =>
    lossGradients(() => {
      const losses = model.losses(batch, { training: true });
      values = names.map((name) => losses[name]?.dataSync()[0]);
      checkFinite(names, values, step);
      const combined = weighting.step(state, values, { step: step - 1, epoch, random });
      nextState = combined.state;
      const weighted = names.flatMap((name, index) => {
        const loss = losses[name];
        return loss === undefined ? [] : [tf.mul(loss, combined.weights[index])];
      });
      return tf.addN([...weighted, ...model.network.calculateLosses()]) as tf.Scalar;
    }, model.variables),
  );
  try {
    optimizer.update(gradients, learningRate);
  } finally {
    tf.dispose([loss, ...gradients.values()]);
  }
  if (weighting.afterUpdate !== undefined) {
    nextState = weighting.afterUpdate(
      nextState,
      withRandom(random, () => lossValues(model, batch)),
    );
  }

  const losses = names.flatMap((name, index) => (values[index] === undefined ? [] : [[name, values[index]]]));
  return { losses: Object.fromEntries(losses) as StepLosses<H>, state: nextState };
}

function lossValues<H extends Heads>(model: MultiTaskModel<H>, batch: Batch<H>): (number | undefined)[] {
  return tf.tidy(() => {
    const losses = model.losses(batch, { training: true });
    return model.tasks.map(({ name }) => losses[name]?.dataSync()[0]);
  });
}

function checkFinite(names: readonly string[], losses: readonly (number | undefined)[], step: number): void {
  for (const [index, loss] of losses.entries()) {
    if (loss !== undefined && !Number.isFinite(loss)) throw new NonFiniteLossError(names[index], step, loss);
  }
}
