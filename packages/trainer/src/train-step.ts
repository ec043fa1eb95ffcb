import { type Batch, type Heads, type MultiTaskModel, withRandom } from '@espalier/core';
import * as tf from '@tensorflow/tfjs-core';
import type { CombinationState } from './combination.js';
import { jointGradients } from './joint-gradients.js';
import { taskGradients } from './task-gradients.js';
import type { StepLosses, TrainStepOptions } from './update.js';

/**
 * One update: losses, gradients, their combination, optimizer. The batch stays the caller's.
 *
 * @throws NonFiniteLossError before anything is changed.
 */
export function trainStep<H extends Heads>(
  model: MultiTaskModel<H>,
  batch: Batch<H>,
  options: TrainStepOptions,
): { readonly losses: StepLosses<H>; readonly state: CombinationState } {
  const { weighting, aggregator, optimizer, learningRate, random } = options;
  const names = model.tasks.map(({ name }) => name);
  if (names.every((name) => batch.targets[name].labelled === 0)) return { losses: {}, state: options.state };

  const byTask = aggregator !== undefined || weighting.needs === 'gramian';
  const { losses, gradients, state } = withRandom(random, () =>
    (byTask ? taskGradients : jointGradients)(model, batch, options),
  );
  try {
    optimizer.update(gradients, learningRate);
  } finally {
    tf.dispose([...gradients.values()]);
  }

  const known = names.flatMap((name, index) => (losses[index] === undefined ? [] : [[name, losses[index]]]));
  return {
    losses: Object.fromEntries(known) as StepLosses<H>,
    state: weighting.afterUpdate === undefined ? state : withLossesAfter(model, batch, options, state),
  };
}

/** FAMO looks at the losses of the same batch once more, after the update. */
function withLossesAfter<H extends Heads>(
  model: MultiTaskModel<H>,
  batch: Batch<H>,
  { weighting, random }: TrainStepOptions,
  state: CombinationState,
): CombinationState {
  const losses = withRandom(random, () =>
    tf.tidy(() => {
      const after = model.losses(batch, { training: true });
      return model.tasks.map(({ name }) => after[name]?.dataSync()[0]);
    }),
  );
  return { ...state, weighting: weighting.afterUpdate?.(state.weighting, losses) ?? state.weighting };
}
