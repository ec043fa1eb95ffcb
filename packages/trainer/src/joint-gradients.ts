import type { Heads, InputKind, MultiTaskModel } from '@espalier/core';
import { lossGradients, type NamedTensors } from '@espalier/engine';
import type { Weighting } from '@espalier/losses';
import * as tf from '@tensorflow/tfjs-core';
import { tasksWith } from './batch-tensors.js';
import type { ForwardPass } from './forward-pass.js';
import { readLosses, spread, taskScalars } from './task-numbers.js';
import { follows, type TrainedWeight } from './trained-weights.js';
import type { GradientSource } from './update.js';
import { zerosVariable } from './zeros-variable.js';

/**
 * The gradient of the weighted sum of the losses: one backward pass. Where the weights follow from this step's losses,
 * there is one more forward pass before it: that costs less than a backward pass a task.
 */
export function jointGradients<H extends Heads, I extends InputKind>(
  model: MultiTaskModel<H, I>,
  weights: readonly TrainedWeight[],
  forward: ForwardPass<H, I>,
  weighting: Weighting,
): GradientSource {
  const variables = weights.map(({ variable }) => variable);
  const held = variables.map(zerosVariable);

  return {
    state: held,

    gradients(inputs) {
      const present = tasksWith(model, 'mask', inputs);
      const factors = present.map((task) => inputs[`${model.tasks[task].name}/weight`]);
      let losses!: tf.Tensor;
      const { gradients } = lossGradients(() => {
        const pass = forward.run(inputs);
        const weighted = pass.losses.map((loss, index) => tf.mul(loss, factors[index]));
        const total = tf.addN([...weighted, ...pass.penalties]) as tf.Scalar;
        losses = tf.keep(tf.stack(pass.losses));
        return total;
      }, variables);
      for (const [index, weight] of weights.entries()) {
        if (!follows(weight, present)) continue;
        held[index].assign(gradients.get(weight.variable) ?? tf.zerosLike(weight.variable));
      }
      const output = tf.clone(losses);
      losses.dispose();
      return { losses: output };
    },

    decide(entries, batch, state, { step, epoch, random }) {
      const present = tasksWith(model, 'mask', batch);
      const known =
        weighting.needs === 'tasks'
          ? spread(model, present, new Float32Array(present.length))
          : readLosses(model, batch, entries.losses(batch), step);
      const weighed = weighting.step(state.weighting, known, { step: step - 1, epoch, random });
      const inputs = taskScalars(model, 'weight', weighed.weights, present);
      const losses = readLosses(model, batch, entries.gradients({ ...batch, ...inputs }), step);
      return {
        losses,
        weights: spread(
          model,
          present,
          present.map((task) => weighed.weights[task]),
        ),
        state: { ...state, weighting: weighed.state },
        inputs,
      };
    },

    gradientsOf(inputs: NamedTensors) {
      const present = tasksWith(model, 'weight', inputs);
      return new Map(
        weights.flatMap((weight, index) =>
          follows(weight, present) ? [[weight.name, held[index]] as const] : [],
        ),
      );
    },

    dispose: () => tf.dispose(held),
  };
}
