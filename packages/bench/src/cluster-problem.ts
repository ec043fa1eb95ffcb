import * as engine from '@espalier/engine';
import type { Cluster } from '@espalier/engine/cluster';
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import type { Size } from './cluster-model.js';

/** A network to train on a cluster: how wide, and how many examples a step has. */
export interface Problem {
  readonly kind: 'convolutions' | 'dense';
  readonly width: number;
  readonly batch: number;
  readonly tasks: number;
  /** Whether the parameter servers get the gradient of the losses' sum, or every task's own, as for UPGrad. */
  readonly gradients: 'of the sum' | 'by task';
}

const shapeOf = ({ kind }: Problem) => (kind === 'dense' ? [784] : [32, 32, 3]);
const tasksOf = ({ tasks }: Problem) => Array.from({ length: tasks }, (_, task) => task);

/** Made-up pictures with a label for every task. */
export function examplesOf(problem: Problem, count: number): Record<string, tf.Tensor> {
  const label = (task: number) => {
    const drawn = tf.randomUniform([count], 0, 10, 'int32', task + 2);
    return [`y${task}`, tf.cast(tf.oneHot(drawn, 10), 'float32')] as const;
  };
  return tf.tidy(() => ({
    x: tf.randomNormal([count, ...shapeOf(problem)], 0, 1, 'float32', 1),
    ...Object.fromEntries(tasksOf(problem).map(label)),
  }));
}

/** The trunk's and each head's weights; the model has an output a task. */
function networkOf(problem: Problem) {
  const { kind, width } = problem;
  const input = tfl.input({ shape: shapeOf(problem) });
  let features = input;
  const layers: tfl.layers.Layer[] =
    kind === 'dense'
      ? [width, width].map((units) => tfl.layers.dense({ units, activation: 'relu' }))
      : [
          ...[width, 2 * width, 4 * width].flatMap((filters) => [
            tfl.layers.conv2d({ filters, kernelSize: 3, padding: 'same', activation: 'relu' }),
            tfl.layers.maxPooling2d({ poolSize: 2 }),
          ]),
          tfl.layers.globalAveragePooling2d({}),
        ];
  for (const layer of layers) features = layer.apply(features) as tfl.SymbolicTensor;
  const heads = tasksOf(problem).map(() => tfl.layers.dense({ units: 10 }));
  const outputs = heads.map((head) => head.apply(features) as tfl.SymbolicTensor);
  const variablesOf = (layer: tfl.layers.Layer) =>
    layer.trainableWeights.map((weight) => weight.read() as tf.Variable);
  return {
    model: tfl.model({ inputs: input, outputs }),
    shared: layers.flatMap(variablesOf),
    own: heads.map(variablesOf),
  };
}

/** One step of gradient descent on the sum of the tasks' losses, on a cluster or here. */
export function training(problem: Problem, cluster: Cluster | undefined) {
  const { model, shared, own } = networkOf(problem);
  const weights = [...shared, ...own.flat()];
  const byTask = problem.gradients === 'by task';
  // What of whose gradients a parameter server holds.
  const parts = byTask
    ? tasksOf(problem).flatMap((task) => [...shared, ...own[task]!].map((weight) => ({ weight, task })))
    : weights.map((weight) => ({ weight, task: 0 }));
  const held = parts.map(({ weight }) => tf.tidy(() => tf.variable(tf.zerosLike(weight), false)));
  const program = engine.program({
    state: [...weights, ...held],
    cluster,
    entries: {
      gradients({ x, share, ...labels }: Record<string, tf.Tensor>) {
        const forward = () => {
          const logits = [model.apply(x!, { training: true })].flat() as tf.Tensor[];
          return logits.map((own, task) => {
            const loss = tf.losses.softmaxCrossEntropy(labels[`y${task}`]!, own);
            return tf.mul(loss, share!) as tf.Scalar;
          });
        };
        const { losses, gradients } = byTask
          ? engine.perTaskGradients(forward, weights)
          : ofTheSum(forward, weights);
        for (const [place, { weight, task }] of parts.entries()) {
          held[place]!.assign(engine.overWorkers(gradients[task]![weights.indexOf(weight)]!));
        }
        return { loss: engine.overWorkers(tf.addN([...losses])) };
      },
      apply({ rate }: { rate: tf.Scalar }) {
        for (const weight of weights) {
          const gradients = held.filter((_, place) => parts[place]!.weight === weight);
          const gradient = gradients.length > 1 ? tf.addN(gradients) : gradients[0]!;
          weight.assign(tf.sub(weight, tf.mul(gradient, rate)));
        }
        return {};
      },
    },
  });
  const rate = tf.scalar(1e-3);
  const count = (variables: readonly tf.Variable[]) => variables.reduce((sum, { size }) => sum + size, 0);
  const size: Size = {
    shared: count(shared),
    heads: count(own.flat()),
    gradients: byTask ? problem.tasks : 1,
  };
  return {
    size,
    step(inputs: Readonly<Record<string, tf.Tensor>>): number {
      return tf.tidy(() => {
        const { loss } = program.entries.gradients(inputs);
        program.entries.apply({ rate });
        return loss.dataSync()[0]!;
      });
    },
    dispose: () => program.dispose(),
  };
}

function ofTheSum(losses: () => tf.Scalar[], weights: readonly tf.Variable[]) {
  const { loss, gradients } = engine.lossGradients(() => tf.addN(losses()) as tf.Scalar, weights);
  return { losses: [loss], gradients: [weights.map((weight) => gradients.get(weight)!)] };
}
