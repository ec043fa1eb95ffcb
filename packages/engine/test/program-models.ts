import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import * as engine from '../src/index.js';
import { random } from './both-backends.js';

/** A network in training, with Adam whose learning rate is an input and whose step count is state. */
export interface Training {
  readonly state: readonly tf.Variable[];
  readonly inputs: { readonly x: tf.Tensor; readonly y: tf.Tensor; readonly rate: tf.Scalar };
  train(inputs: { x: tf.Tensor; y: tf.Tensor; rate: tf.Scalar }): { loss: tf.Scalar };
}

type Loss = (labels: tf.Tensor, predictions: tf.Tensor) => tf.Scalar;

function adam(weights: readonly tf.Variable[]) {
  const zeros = () => weights.map((weight) => tf.tidy(() => tf.variable(tf.zerosLike(weight), false)));
  const [means, squares] = [zeros(), zeros()];
  const powers = [0.9, 0.999].map(() => tf.tidy(() => tf.variable(tf.scalar(1), false)));
  return {
    state: [...means, ...squares, ...powers],
    update(gradients: ReadonlyMap<tf.Variable, tf.Tensor>, rate: tf.Scalar) {
      powers[0]!.assign(tf.mul(powers[0]!, 0.9));
      powers[1]!.assign(tf.mul(powers[1]!, 0.999));
      const correction = tf.div(tf.sqrt(tf.sub(1, powers[1]!)), tf.sub(1, powers[0]!));
      weights.forEach((weight, index) => {
        const gradient = gradients.get(weight)!;
        means[index]!.assign(tf.add(tf.mul(means[index]!, 0.9), tf.mul(gradient, 0.1)));
        squares[index]!.assign(tf.add(tf.mul(squares[index]!, 0.999), tf.mul(tf.square(gradient), 0.001)));
        const change = tf.div(means[index]!, tf.add(tf.sqrt(squares[index]!), 1e-7));
        weight.assign(tf.sub(weight, tf.mul(change, tf.mul(correction, rate))));
      });
    },
  };
}

function training(model: tfl.LayersModel, x: tf.Tensor, y: tf.Tensor, loss: Loss): Training {
  const weights = model.trainableWeights.map((weight) => weight.read() as tf.Variable);
  const statistics = model.nonTrainableWeights.map((weight) => weight.read() as tf.Variable);
  const { state, update } = adam(weights);
  return {
    state: [...weights, ...statistics, ...state],
    inputs: { x, y, rate: tf.scalar(0.01) },
    train({ x, y, rate }) {
      const { loss: value, gradients } = engine.lossGradients(() => {
        const outputs = [model.apply(x, { training: true })].flat() as tf.Tensor[];
        return tf.addN(outputs.map((output) => loss(y, output))) as tf.Scalar;
      }, weights);
      update(gradients, rate);
      return { loss: value };
    },
  };
}

const crossEntropy: Loss = (labels, predictions) => tf.losses.softmaxCrossEntropy(labels, predictions);

function labels(shape: number[], classes: number): tf.Tensor {
  return tf.cast(tf.oneHot(tf.cast(tf.mul(tf.abs(random(shape, 99)), classes), 'int32'), classes), 'float32');
}

const seeded = (seed: number) => tfl.initializers.glorotUniform({ seed });

export const networks = {
  mlp(): Training {
    const input = tfl.input({ shape: [12] });
    let hidden: tfl.SymbolicTensor = input;
    for (const seed of [1, 2]) {
      hidden = tfl.layers
        .dense({ units: 16, activation: 'relu', kernelInitializer: seeded(seed) })
        .apply(hidden) as tfl.SymbolicTensor;
    }
    const outputs = [3, 4].map(
      (seed) =>
        tfl.layers.dense({ units: 5, kernelInitializer: seeded(seed) }).apply(hidden) as tfl.SymbolicTensor,
    );
    return training(tfl.model({ inputs: input, outputs }), random([8, 12], 5), labels([8], 5), crossEntropy);
  },
  cnn(): Training {
    const model = tfl.sequential();
    for (const seed of [1, 2]) {
      model.add(
        tfl.layers.conv2d({
          filters: 4 * seed,
          kernelSize: 3,
          padding: 'same',
          useBias: false,
          kernelInitializer: seeded(seed),
          ...(seed === 1 && { inputShape: [8, 8, 3] }),
        }),
      );
      model.add(tfl.layers.batchNormalization());
      model.add(tfl.layers.reLU());
      model.add(tfl.layers.maxPooling2d({ poolSize: 2 }));
    }
    model.add(tfl.layers.globalAveragePooling2d({}));
    model.add(tfl.layers.dense({ units: 5, kernelInitializer: seeded(3) }));
    return training(model, random([4, 8, 8, 3], 5), labels([4], 5), crossEntropy);
  },
  lstm(): Training {
    const model = tfl.sequential();
    model.add(
      tfl.layers.embedding({
        inputDim: 50,
        outputDim: 8,
        inputLength: 6,
        embeddingsInitializer: tfl.initializers.randomUniform({ minval: -1, maxval: 1, seed: 1 }),
      }),
    );
    model.add(
      tfl.layers.lstm({
        units: 8,
        returnSequences: true,
        kernelInitializer: seeded(2),
        recurrentInitializer: seeded(3),
      }),
    );
    model.add(tfl.layers.dense({ units: 5, kernelInitializer: seeded(4) }));
    const words = tf.floor(tf.mul(tf.abs(random([4, 6], 5)), 50));
    return training(model, words, labels([4, 6], 5), crossEntropy);
  },
};
