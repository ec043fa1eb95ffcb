import type { Heads, InputKind, MultiTaskModel } from '@espalier/core';
import { lossGradients, type NamedTensors, overWorkers } from '@espalier/engine';
import type { Weighting } from '@espalier/losses';
import * as tf from '@tensorflow/tfjs-core';
import { labelledTasks, type Part, tasksWith } from './batch-tensors.js';
import { type ForwardPass, sumLosses, workerShare } from './forward-pass.js';
import { readLosses, spread, taskScalars } from './task-numbers.js';
import { follows, type TrainedWeight } from './trained-weights.js';
import type { GradientSource } from './update.js';
import { setZero, zerosVariable } from './zeros-variable.js';

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

    begin: () => held.forEach(setZero),

    gradients(inputs) {
      const { part } = inputs;
      const present = tasksWith(model, 'mask', inputs);
      const factors = present.map((task) => {
        const { name } = model.tasks[task];
        return partOf(inputs[`${name}/weight`], workerShare(inputs, name))!;
      });
      let losses: tf.Scalar[] = [];
      const { gradients } = lossGradients(() => {
        const pass = forward.run(inputs);
        const ownPart = partOf(part, workerShare(inputs));
        const weighted = pass.losses.map((loss, index) => tf.mul(loss, factors[index]));
        const penalties = pass.penalties.map((penalty) => (ownPart ? tf.mul(penalty, ownPart) : penalty));
        losses = pass.losses.map((loss) => tf.keep(tf.clone(loss)));
        return tf.addN([...weighted, ...penalties]) as tf.Scalar;
      }, variables);
      for (const [index, weight] of weights.entries()) {
        const own = gradients.get(weight.variable);
        const gradient = own && overWorkers(own);
        // Of several batches, another one may have the tasks of a weight whose penalty is in all of them.
        if (part) gradient && held[index].assign(tf.add(held[index], gradient));
        else if (follows(weight, present)) held[index].assign(gradient ?? tf.zerosLike(weight.variable));
      }
      const output = sumLosses(model, inputs, losses);
      tf.dispose(losses);
      return { losses: output };
    },

    compare: () => ({}),

    decide(entries, parts, state, { step, epoch, random }) {
      const present = labelledTasks(parts);
      const known =
        weighting.needs === 'tasks'
          ? spread(model, present, new Float32Array(present.length))
          : readLosses(model, parts, entries.losses, step);
      const weighed = weighting.step(state.weighting, known, { step: step - 1, epoch, random });
      if (parts.length > 1) entries.begin();
      const gradients = (part: Part) => {
        const factors = weighed.weights.map((weight, task) => weight * (part.shares[task] ?? 0));
        return entries.gradients(part, taskScalars(model, 'weight', factors, labelledTasks([part])));
      };
      const losses = readLosses(model, parts, gradients, step);
      return {
        losses,
        weights: spread(
          model,
          present,
          present.map((task) => weighed.weights[task]),
        ),
        state: { ...state, weighting: weighed.state },
        inputs: taskScalars(model, 'weight', weighed.weights, present),
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

/** A part of a part, where it is one. */
function partOf(part: tf.Tensor | undefined, share: tf.Scalar | undefined): tf.Tensor | undefined {
  return part && share ? tf.mul(part, share) : (part ?? share);
}
