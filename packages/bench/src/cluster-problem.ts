import * as engine from '@espalier/engine';
import type { Cluster } from '@espalier/engine/cluster';
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';

/** A network to train on a cluster: how wide, and how many examples a step has. */
export interface Problem {
  readonly kind: 'convolutions' | 'dense';
  readonly width: number;
  readonly batch: number;
}

const shapeOf = ({ kind }: Problem) => (kind === 'dense' ? [784] : [32, 32, 3]);

/** Made-up pictures with labels of two tasks. */
export function examplesOf(problem: Problem, count: number): Record<string, tf.Tensor> {
  const label = (seed: number) =>
    tf.cast(tf.oneHot(tf.randomUniform([count], 0, 10, 'int32', seed), 10), 'float32');
  return tf.tidy(() => ({
    x: tf.randomNormal([count, ...shapeOf(problem)], 0, 1, 'float32', 1),
    y0: label(2),
    y1: label(3),
  }));
}

/** One step of gradient descent with the sum of two losses, on a cluster or here. */
export function training(problem: Problem, cluster: Cluster | undefined) {
  const input = tfl.input({ shape: shapeOf(problem) });
  let features = input;
  const { width } = problem;
  if (problem.kind === 'dense') {
    for (const units of [width, width]) {
      features = tfl.layers.dense({ units, activation: 'relu' }).apply(features) as tfl.SymbolicTensor;
    }
  } else {
    for (const filters of [width, 2 * width, 4 * width]) {
      const layer = { filters, kernelSize: 3, padding: 'same', activation: 'relu' } as const;
      features = tfl.layers.conv2d(layer).apply(features) as tfl.SymbolicTensor;
      features = tfl.layers.maxPooling2d({ poolSize: 2 }).apply(features) as tfl.SymbolicTensor;
    }
    features = tfl.layers.globalAveragePooling2d({}).apply(features) as tfl.SymbolicTensor;
  }
  const outputs = [0, 1].map(() => tfl.layers.dense({ units: 10 }).apply(features) as tfl.SymbolicTensor);
  const model = tfl.model({ inputs: input, outputs });
  const weights = model.trainableWeights.map((weight) => weight.read() as tf.Variable);
  const held = weights.map((weight) => tf.tidy(() => tf.variable(tf.zerosLike(weight), false)));
  const program = engine.program({
    state: [...weights, ...held],
    cluster,
    entries: {
      gradients({ x, share, ...labels }: Record<string, tf.Tensor>) {
        const { loss, gradients } = engine.lossGradients(() => {
          const found = model.apply(x!, { training: true }) as tf.Tensor[];
          const losses = found.map((logits, task) =>
            tf.losses.softmaxCrossEntropy(labels[`y${task}`]!, logits),
          );
          return tf.mul(tf.addN(losses as tf.Tensor[]), share!) as tf.Scalar;
        }, weights);
        for (const [index, weight] of weights.entries()) {
          held[index]!.assign(engine.overWorkers(gradients.get(weight)!));
        }
        return { loss: engine.overWorkers(loss) };
      },
      apply({ rate }: { rate: tf.Scalar }) {
        for (const [index, weight] of weights.entries()) {
          weight.assign(tf.sub(weight, tf.mul(held[index]!, rate)));
        }
        return {};
      },
    },
  });
  const rate = tf.scalar(1e-3);
  return {
    parameters: weights.reduce((sum, { size }) => sum + size, 0),
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
