import { biLstm } from '@espalier/backbones';
import * as engine from '@espalier/engine';
import * as tf from '@tensorflow/tfjs-core';
import { expect, test } from 'vitest';

const missing = await engine.use('native').then(
  () => undefined,
  (error: Error) => error.message,
);
if (missing !== undefined) console.warn(`The BiLSTM on native is not tested: ${missing}`);

const UNITS = 3;
const CHANNELS = 4;

/** Texts of `tokens`, of two and of no tokens. */
const texts = (tokens: number) =>
  tf.tidy(() => {
    const lengths = tf.tensor([tokens, 2, 0], [3, 1, 1]);
    const isToken = tf.less(tf.reshape(tf.range(0, tokens), [1, tokens, 1]), lengths);
    return tf.mul(tf.randomNormal([3, tokens, CHANNELS], 0, 1, 'float32', 1), tf.cast(isToken, 'float32'));
  });

/** The outputs of a BiLSTM, and the gradients of a sum of them by its weights and by the features. */
function outputsAndGradients(tokens: number) {
  const layer = biLstm({ units: UNITS });
  const values = tf.tidy(() => {
    const features = tf.variable(texts(tokens));
    const read = () => layer.apply(features) as tf.Tensor;
    read();
    const shapes = layer.getWeights().map(({ shape }) => shape);
    layer.setWeights(shapes.map((shape, place) => tf.randomNormal(shape, 0, 1, 'float32', place + 1)));
    const variables = [...layer.weights.map((weight) => weight.read() as tf.Variable), features];
    const factors = tf.randomNormal([3, tokens, 2 * UNITS], 0, 1, 'float32', 9);
    const { gradients } = engine.lossGradients(() => tf.sum(tf.mul(read(), factors)) as tf.Scalar, variables);
    const found = [read(), ...variables.map((variable) => gradients.get(variable) as tf.Tensor)];
    features.dispose();
    return found.map((tensor) => Array.from(tensor.dataSync()));
  });
  layer.dispose();
  return values;
}

test.skipIf(missing !== undefined).for([1, 5])(
  'on native a BiLSTM over %i tokens has the outputs and gradients that it has elsewhere',
  async (tokens) => {
    await engine.use('cpu');
    const expected = outputsAndGradients(tokens);
    await engine.use('native');
    const found = outputsAndGradients(tokens);
    expect(found.flat().length).toBe(expected.flat().length);
    for (const [place, values] of expected.entries()) {
      for (const [index, value] of values.entries()) expect(found[place][index]).toBeCloseTo(value, 4);
    }
  },
);

test.skipIf(missing !== undefined)(
  'on native a BiLSTM takes no more operations for a longer text',
  async () => {
    await engine.use('native');
    const layer = biLstm({ units: UNITS });
    const operations = async (tokens: number) => {
      const features = texts(tokens);
      const { kernels } = await tf.profile(() => layer.apply(features) as tf.Tensor);
      features.dispose();
      return kernels.length;
    };
    await operations(3);
    expect(await operations(30)).toBe(await operations(3));
    layer.dispose();
  },
);
