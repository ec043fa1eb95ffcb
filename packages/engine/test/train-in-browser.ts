/** What browser.test.ts has a page do. */
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import * as engine from '../src/index.js';

/** Trains a small network with convolutions on an engine; gives what `use` said, and the losses. */
async function train(name: engine.EngineName | 'auto') {
  const report = await engine.use(name);
  const x = tf.randomNormal([8, 16, 16, 3], 0, 1, 'float32', 1);
  const y = tf.cast(tf.oneHot(tf.randomUniform([8], 0, 4, 'int32', 1), 4), 'float32');
  const init = (seed: number) => tfl.initializers.glorotUniform({ seed });
  const model = tfl.sequential({
    layers: [
      tfl.layers.conv2d({
        inputShape: [16, 16, 3],
        filters: 8,
        kernelSize: 3,
        padding: 'same',
        activation: 'relu',
        kernelInitializer: init(1),
      }),
      tfl.layers.batchNormalization(),
      tfl.layers.maxPooling2d({ poolSize: 2 }),
      tfl.layers.depthwiseConv2d({ kernelSize: 3, depthwiseInitializer: init(2) }),
      tfl.layers.flatten(),
      tfl.layers.dense({ units: 4, kernelInitializer: init(3) }),
    ],
  });
  const weights = model.trainableWeights.map((weight) => weight.read() as tf.Variable);
  const { entries } = engine.program({
    state: model.weights.map((weight) => weight.read() as tf.Variable),
    entries: {
      train(batch: { x: tf.Tensor; y: tf.Tensor }) {
        const { loss, gradients } = engine.lossGradients(() => {
          const output = model.apply(batch.x, { training: true }) as tf.Tensor;
          return tf.losses.softmaxCrossEntropy(batch.y, output) as tf.Scalar;
        }, weights);
        for (const [weight, gradient] of gradients) weight.assign(tf.sub(weight, tf.mul(gradient, 0.1)));
        return { loss };
      },
    },
  });
  const losses: number[] = [];
  for (let step = 0; step < 6; step++) losses.push((await entries.train({ x, y }).loss.data())[0]!);
  return { report, backend: tf.getBackend(), losses };
}

export type Train = typeof train;

Object.assign(globalThis, { train });
