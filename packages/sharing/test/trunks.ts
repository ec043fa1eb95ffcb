import { Block, block, type Trunk } from '@espalier/core';
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';

/** A Transformer's encoder layer with one head: attention and a feed-forward network, each added to its input. */
class EncoderLayer extends tfl.layers.Layer {
  static readonly className = 'TestEncoderLayer';
  #weights: Record<string, ReturnType<EncoderLayer['addWeight']>> = {};

  override build(shape: number[]): void {
    const width = shape[shape.length - 1];
    for (const name of ['query', 'key', 'value', 'output', 'inner', 'outer']) {
      const initializer = tfl.initializers.glorotUniform({});
      this.#weights[name] = this.addWeight(name, [width, width], 'float32', initializer);
    }
    this.built = true;
  }

  override call(inputs: tf.Tensor | tf.Tensor[]): tf.Tensor {
    return tf.tidy(() => {
      const tokens = (Array.isArray(inputs) ? inputs[0] : inputs) as tf.Tensor3D;
      const times = (features: tf.Tensor3D, name: string) => {
        const [batch, length, width] = features.shape;
        const flat = tf.reshape(features, [batch * length, width]);
        return tf.reshape(tf.matMul(flat, this.#weights[name].read()), features.shape) as tf.Tensor3D;
      };
      const scores = tf.matMul(times(tokens, 'query'), times(tokens, 'key'), false, true);
      const attended = tf.matMul(tf.softmax(scores), times(tokens, 'value')) as tf.Tensor3D;
      const sum = tf.add(tokens, times(attended, 'output')) as tf.Tensor3D;
      return tf.add(sum, times(tf.tanh(times(sum, 'inner')), 'outer'));
    });
  }
}
tf.serialization.registerClass(EncoderLayer);

/** Layers whose output is added to their input. */
class Residual extends Block {
  static override readonly className = 'TestResidual';

  override call(inputs: tf.Tensor | tf.Tensor[], kwargs: Parameters<Block['call']>[1]): tf.Tensor {
    const features = Array.isArray(inputs) ? inputs[0] : inputs;
    return tf.tidy(() => tf.add(features, super.call(features, kwargs) as tf.Tensor));
  }
}
tf.serialization.registerClass(Residual);

/** A residual block as a model, so that it has its weights from the start. */
function residualModel(name: string): tfl.LayersModel {
  const input = tfl.input({ shape: [6, 6, 2] });
  const convolved = tfl.layers
    .conv2d({ name: 'conv', filters: 2, kernelSize: 3, padding: 'same', activation: 'tanh' })
    .apply(input) as tfl.SymbolicTensor;
  const sum = tfl.layers.add({ name: 'sum' }).apply([input, convolved]) as tfl.SymbolicTensor;
  return tfl.model({ name, inputs: input, outputs: sum });
}

function named<T extends tfl.layers.Layer>(name: string, layer: T): T {
  layer.name = name;
  return layer;
}

/** What every strategy has to work with: each trunk has the stages `low` and `high`. */
export const trunks = {
  'a small CNN': {
    inputShape: [6, 6, 2],
    trunk: (): Trunk => [
      named(
        'low',
        block(tfl.layers.conv2d({ filters: 4, kernelSize: 3, padding: 'same' }), tfl.layers.elu()),
      ),
      tfl.layers.conv2d({ name: 'high', filters: 4, kernelSize: 3, strides: 2, activation: 'tanh' }),
    ],
  },
  'a residual network': {
    inputShape: [6, 6, 2],
    trunk: (): Trunk =>
      ['low', 'high'].map(
        (name) =>
          new Residual(
            [
              tfl.layers.batchNormalization(),
              tfl.layers.conv2d({ filters: 2, kernelSize: 3, padding: 'same' }),
            ],
            { name },
          ),
      ),
  },
  'a Transformer encoder': {
    inputShape: [4, 4],
    trunk: (): Trunk => [new EncoderLayer({ name: 'low' }), new EncoderLayer({ name: 'high' })],
  },
  'an LSTM': {
    inputShape: [4, 3],
    trunk: (): Trunk => [
      tfl.layers.lstm({ name: 'low', units: 4, returnSequences: true }),
      tfl.layers.lstm({ name: 'high', units: 4 }),
    ],
  },
};

/** The smallest trunk, for tests that compute by hand. */
export const denseTrunk = {
  inputShape: [3],
  trunk: (): Trunk => [
    tfl.layers.dense({ name: 'low', units: 4, activation: 'tanh' }),
    tfl.layers.dense({ name: 'high', units: 2, activation: 'tanh' }),
  ],
};

/** Stages that are models: they have their weights from the start, so that copies begin equal. */
export const modelTrunk = {
  inputShape: [6, 6, 2],
  trunk: (): Trunk => [residualModel('low'), residualModel('high')],
};
