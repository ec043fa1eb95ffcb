import { disposeBatch, type Head, multiTaskModel, seededRandom } from '@espalier/core';
import { affinityMonitor, hardSharing, startHeadsAtZero, type TaskMatrix } from '@espalier/sharing';
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';

/** The true groups: tasks whose names begin alike have a factor in common. */
export const groupsOf = [
  ['x0', 'x1'],
  ['y0', 'y1'],
];
const tasks = groupsOf.flat();
const INPUTS = 20;
const EXAMPLES = 128;
const STEPS = 120;
const RATE = 0.1;

const regression: Head<number, number> = {
  kind: 'regression',
  connect: (features, task) =>
    tfl.layers.dense({ name: `${task}/value`, units: 1 }).apply(features.at(-1)!) as tfl.SymbolicTensor,
  encode: (labels) => tf.tensor2d(labels.map((label) => [label ?? 0])),
  losses: (output, target) =>
    tf.tidy(() => tf.squeeze(tf.squaredDifference(output, target), [1]) as tf.Tensor1D),
  decode: async (output) => Array.from(await output.data()),
  metrics: [{ name: 'none', better: 'lower', compute: () => 0 }],
};
const heads = { x0: regression, x1: regression, y0: regression, y1: regression };

/** Each task is a factor of its group's, a direction in the input, and half as much of a factor of its own. */
export function family(seed: number) {
  const random = seededRandom(seed);
  const direction = () => Array.from({ length: INPUTS }, () => 2 * random() - 1);
  const shared = new Map(['x', 'y'].map((group) => [group, direction()]));
  const own = new Map(tasks.map((task) => [task, direction()]));
  const along = (input: Float32Array, factor: readonly number[]) =>
    Math.tanh(input.reduce((sum, value, index) => sum + value * factor[index], 0));
  return Array.from({ length: EXAMPLES }, () => {
    const input = Float32Array.from(direction());
    const label = (task: string) => along(input, shared.get(task[0])!) + along(input, own.get(task)!) / 2;
    return { input, labels: { x0: label('x0'), x1: label('x1'), y0: label('y0'), y1: label('y1') } };
  });
}

/** Trains a shared layer on a family until its common factors are learned, and gives the affinity over the training. */
export async function trainFamily(
  examples: ReturnType<typeof family>,
  seed: number,
): Promise<{ affinity: TaskMatrix }> {
  const model = multiTaskModel({
    inputShape: [INPUTS],
    trunk: () => [tfl.layers.dense({ name: 'hidden', units: 16, activation: 'tanh' })],
    sharing: hardSharing(),
    heads,
    seed,
  });
  startHeadsAtZero(model);
  const batch = model.batch(examples);
  const optimizer = tf.train.sgd(RATE);
  const monitor = affinityMonitor(model, { learningRate: RATE });
  for (let step = 0; step < STEPS; step++) {
    if (step % 8 === 0) await monitor.observe(batch);
    optimizer.minimize(
      () => tf.addN(Object.values(model.losses(batch, { training: true }))) as tf.Scalar,
      false,
      model.variables,
    );
  }
  optimizer.dispose();
  disposeBatch(batch);
  model.dispose();
  return { affinity: monitor.matrix() };
}
