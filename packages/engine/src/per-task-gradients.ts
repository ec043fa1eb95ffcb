import * as tf from '@tensorflow/tfjs-core';
import { GradientError } from './errors.js';

/** What one forward pass and a backward pass for each task gave. */
export interface PerTaskGradients {
  /** The T losses, in the order in which the function gave them. */
  readonly losses: readonly tf.Scalar[];
  /** `gradients[t][v]`: the gradient of loss t with respect to variable v, in that variable's shape. */
  readonly gradients: readonly (readonly tf.Tensor[])[];
}

type TapeNode = ReturnType<typeof tf.engine>['state']['activeTape'][number];

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
  const { state } = tf.engine();
  if (state.gradientDepth > 0) {
    throw new GradientError(
      'perTaskGradients was called inside another gradient; its backward passes cannot be differentiated again. ' +
        'Call it outside tf.grad, tf.variableGrads and optimizer.minimize.',
    );
  }
  return tf.tidy(() => {
    // `tf.grads` keeps what the backward pass needs on a tape, and gives it up after one walk. Hence our own.
    const tape: TapeNode[] = [];
    try {
      const values = record(tape, losses);
      const nodes = dependents(tape, variables);
      return {
        losses: values,
        gradients: values.map((loss) => tf.tidy(() => walkBack(nodes, loss, variables))),
      };
    } finally {
      for (const { saved } of tape) tf.dispose(saved ?? []);
    }
  });
}

/** Runs the forward pass with the tape on. */
function record(tape: TapeNode[], losses: () => readonly tf.Scalar[]): tf.Scalar[] {
  const { state } = tf.engine();
  const former = state.activeTape;
  state.activeTape = tape;
  state.gradientDepth = 1;
  try {
    return tf.tidy(() => check(losses()).map((loss) => tf.clone(loss)));
  } finally {
    state.gradientDepth = 0;
    state.activeTape = former;
  }
}

function check(losses: readonly tf.Scalar[]): readonly tf.Scalar[] {
  if (!Array.isArray(losses) || losses.length === 0) {
    throw new GradientError(
      `perTaskGradients expected a list of at least one loss, found ${Array.isArray(losses) ? 'an empty one' : describe(losses)}`,
    );
  }
  losses.forEach((loss, task) => {
    if (!(loss instanceof tf.Tensor) || loss.rank !== 0 || loss.dtype !== 'float32') {
      throw new GradientError(
        `perTaskGradients expected loss ${task} to be a scalar of float32, found ${describe(loss)}`,
      );
    }
  });
  return losses;
}

function describe(value: unknown): string {
  if (value instanceof tf.Tensor) return `${value.dtype} of shape [${value.shape.join(', ')}]`;
  return value instanceof Promise ? 'a promise (the function must not be async)' : typeof value;
}

/** The nodes that depend on the variables, each with only those inputs that do. */
function dependents(tape: readonly TapeNode[], variables: readonly tf.Variable[]): TapeNode[] {
  const reached = new Set(variables.map(({ id }) => id));
  return tape.flatMap((node) => {
    const inputs = Object.fromEntries(Object.entries(node.inputs).filter(([, { id }]) => reached.has(id)));
    if (Object.keys(inputs).length === 0) return [];
    for (const { id } of node.outputs) reached.add(id);
    return [{ ...node, inputs }];
  });
}

function walkBack(
  nodes: readonly TapeNode[],
  loss: tf.Scalar,
  variables: readonly tf.Variable[],
): tf.Tensor[] {
  const gradients = new Map<number, tf.Tensor>([[loss.id, tf.scalar(1)]]);
  for (const { kernelName, inputs, outputs, gradient } of nodes.toReversed()) {
    // No gradient has arrived: the loss does not depend on this node.
    if (!outputs.some(({ id }) => gradients.has(id))) continue;
    if (gradient === undefined) throw new GradientError(`the operation ${kernelName} has no gradient`);
    const towards = gradient(outputs.map(({ id, shape }) => gradients.get(id) ?? tf.zeros(shape)));
    for (const [name, { id }] of Object.entries(inputs)) {
      const part = towards[name];
      if (part === undefined) throw new GradientError(`${kernelName} has no gradient for its input ${name}`);
      const sum = gradients.get(id);
      gradients.set(id, sum === undefined ? tf.tidy(part) : tf.tidy(() => tf.add(sum, part())));
    }
  }
  return variables.map(({ id, shape }) => gradients.get(id)?.clone() ?? tf.zeros(shape));
}
