import type { Batch, Heads, InputKind, MultiTaskModel } from '@espalier/core';
import * as tf from '@tensorflow/tfjs-core';

/** One task's gradient, by the variable; no entry where the task's loss does not reach. */
export type TaskGradient = ReadonlyMap<tf.Variable, tf.Tensor>;

/**
 * The gradient of every task that has a label in the batch, for the caller to dispose of. Layers work as in prediction,
 * so that nothing is drawn and no statistics move: to measure must not change the training.
 */
export function taskGradients<H extends Heads, I extends InputKind>(
  model: MultiTaskModel<H, I>,
  batch: Batch<H, I>,
): ReadonlyMap<string, TaskGradient> {
  const tasks = model.tasks.flatMap(({ name }) => (batch.targets[name].labelled > 0 ? [name] : []));
  const gradients = gradientsOf(() => {
    const losses = model.losses(batch, { training: false });
    return tasks.map((name) => losses[name] as tf.Scalar);
  }, model.variables);
  return new Map(tasks.map((task, index) => [task, gradients[index]]));
}

type TapeNode = ReturnType<typeof tf.engine>['state']['activeTape'][number];

/**
 * The gradients of several losses from one forward pass: `tf.variableGrads` would run it once a loss. What tfjs recorded
 * of the pass is walked backward from each loss. (`@espalier/engine` has the same with all checks; this package does not
 * import it.)
 */
function gradientsOf(losses: () => readonly tf.Scalar[], variables: readonly tf.Variable[]): TaskGradient[] {
  const gradients: TaskGradient[] = [];
  tf.tidy(() => {
    const tape: TapeNode[] = [];
    try {
      const values = recorded(tape, losses);
      const reached = new Set(variables.map(({ id }) => id));
      const nodes = tape.filter(({ inputs, outputs }) => {
        if (!Object.values(inputs).some(({ id }) => reached.has(id))) return false;
        for (const { id } of outputs) reached.add(id);
        return true;
      });
      for (const loss of values) {
        const byId = walkBack(nodes, reached, loss);
        const own = variables.flatMap((variable): [tf.Variable, tf.Tensor][] => {
          const gradient = byId.get(variable.id);
          return gradient === undefined ? [] : [[variable, tf.keep(gradient.clone())]];
        });
        gradients.push(new Map(own));
      }
    } finally {
      for (const { saved } of tape) tf.dispose(saved ?? []);
    }
  });
  return gradients;
}

function recorded(tape: TapeNode[], losses: () => readonly tf.Scalar[]): readonly tf.Scalar[] {
  const { state } = tf.engine();
  const { activeTape, gradientDepth } = state;
  state.activeTape = tape;
  state.gradientDepth = 1;
  try {
    return losses();
  } finally {
    state.activeTape = activeTape;
    state.gradientDepth = gradientDepth;
  }
}

/** The gradients of one loss, by the ids of what it depends on. */
function walkBack(
  nodes: readonly TapeNode[],
  reached: ReadonlySet<number>,
  loss: tf.Scalar,
): ReadonlyMap<number, tf.Tensor> {
  const gradients = new Map<number, tf.Tensor>([[loss.id, tf.scalar(1)]]);
  for (const { inputs, outputs, gradient } of nodes.toReversed()) {
    if (gradient === undefined || !outputs.some(({ id }) => gradients.has(id))) continue;
    const towards = gradient(outputs.map(({ id, shape }) => gradients.get(id) ?? tf.zeros(shape)));
    for (const [name, { id }] of Object.entries(inputs)) {
      if (!reached.has(id)) continue;
      const sum = gradients.get(id);
      gradients.set(id, sum === undefined ? towards[name]() : tf.add(sum, towards[name]()));
    }
  }
  return gradients;
}
