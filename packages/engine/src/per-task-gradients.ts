import * as tf from '@tensorflow/tfjs-core';
import { withTape } from './tape.js';

/** What one forward pass and a backward pass for each task gave. */
export interface PerTaskGradients {
  /** The T losses, in the order in which the function gave them. */
  readonly losses: readonly tf.Scalar[];
  /** `gradients[t][v]`: the gradient of loss t with respect to variable v, in that variable's shape. */
  readonly gradients: readonly (readonly tf.Tensor[])[];
}

/**
 * The gradient of each of T losses, from one forward pass.
 *
 * T calls of `tf.variableGrads` run the forward pass T times: batch statistics are updated T times, and every task
 * sees another dropout mask. Here the forward pass is recorded once, and what was recorded is walked backward T
 * times.
 *
 * The results are the caller's to dispose, or the surrounding `tf.tidy`'s.
 *
 * @param losses The forward pass: gives one scalar a task. Not async: what it awaits would not be recorded.
 * @param variables Where the gradients are taken. A loss that does not reach a variable has zeros there.
 * @throws GradientError where a loss is not a scalar of float32, where there is none, and inside another gradient.
 *   Whatever `losses` throws is passed on, and no tensor leaks.
 */
export function perTaskGradients(
  losses: () => readonly tf.Scalar[],
  variables: readonly tf.Variable[],
): PerTaskGradients {
  return withTape('perTaskGradients', losses, variables, (values, walkBack) => ({
    losses: [...values],
    gradients: values.map((loss) =>
      tf.tidy(() => {
        const reached = walkBack(loss);
        return variables.map(({ id, shape }) => reached.get(id)?.clone() ?? tf.zeros(shape));
      }),
    ),
  }));
}
