import type * as tf from '@tensorflow/tfjs-core';
import { withTape } from './tape.js';

/** What one forward and one backward pass gave. */
export interface LossGradients {
  readonly loss: tf.Scalar;
  /** The gradient of every variable that the loss depends on, in that variable's shape; no entry for the others. */
  readonly gradients: ReadonlyMap<tf.Variable, tf.Tensor>;
}

/**
 * The gradient of one loss. Unlike `tf.variableGrads` it goes by variables, not by their names, and no tensor leaks
 * when the loss throws.
 *
 * The results are the caller's to dispose, or the surrounding `tf.tidy`'s.
 *
 * @param loss The forward pass: gives a scalar of float32. Not async: what it awaits would not be recorded.
 * @throws GradientError where the loss is not such a scalar, and inside another gradient. Whatever `loss` throws is
 *   passed on.
 */
export function lossGradients(loss: () => tf.Scalar, variables: readonly tf.Variable[]): LossGradients {
  const reached: tf.Variable[] = [];
  const { value, gradients } = withTape(
    'lossGradients',
    () => [loss()],
    variables,
    ([value], walkBack) => {
      const byId = walkBack(value);
      const gradients = variables.flatMap((variable) => {
        const gradient = byId.get(variable.id);
        if (gradient === undefined) return [];
        reached.push(variable);
        return [gradient.clone()];
      });
      return { value, gradients };
    },
  );
  return { loss: value, gradients: new Map(reached.map((variable, index) => [variable, gradients[index]])) };
}
