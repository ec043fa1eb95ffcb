import type { Batch, Heads, MultiTaskModel } from '@espalier/core';
import { lossGradients } from '@espalier/engine';
import { weigh } from '@espalier/losses/tensors';
import * as tf from '@tensorflow/tfjs-core';
import { checkFinite } from './errors.js';
import type { TrainStepOptions, Update } from './update.js';

/** The gradient of the weighted sum of the losses: one backward pass. The gradients are the caller's to dispose. */
export function jointGradients<H extends Heads>(
  model: MultiTaskModel<H>,
  batch: Batch<H>,
  { weighting, state, step, epoch, random }: TrainStepOptions,
): Update {
  let weighed: Omit<ReturnType<typeof weigh>, 'loss'> | undefined;
  const { loss, gradients } = lossGradients(() => {
    const byTask = model.losses(batch, { training: true });
    const losses = model.tasks.map(({ name }) => byTask[name]);
    checkFinite(model, losses, step);
    const { loss: weighted, ...rest } = weigh(weighting, state.weighting, losses, {
      step: step - 1,
      epoch,
      random,
    });
    weighed = rest;
    return tf.addN([weighted, ...model.network.calculateLosses()]) as tf.Scalar;
  }, model.variables);
  loss.dispose();
  return {
    losses: weighed?.losses ?? [],
    gradients,
    state: { ...state, weighting: weighed?.state ?? state.weighting },
  };
}
