/** What EfficientNet-Lite0 with ImageNet's weights sees in photographs: `node dist/classify.js PHOTO...` */
import { basename } from 'node:path';
import { efficientNetLite0, loadWeights, weightSources } from '@espalier/backbones';
import { fetchWeights } from '@espalier/backbones/node';
import { decodePicture } from '@espalier/datasets/node';
import * as engine from '@espalier/engine';
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import classes from './imagenet-classes.json' with { type: 'json' };
import { normalized } from './normalized.js';

const SIDE = 224;
const SHOWN = 3;

await engine.use('auto');
const source = weightSources.efficientNetLite0;
const weights = await fetchWeights(source, {
  onProgress: (received, total) => process.stderr.write(`\rWeights: ${received} of ${total} bytes`),
});
const trunk = loadWeights(efficientNetLite0(), weights, source.layout);
const input = tfl.input({ shape: [SIDE, SIDE, 3] });
const output = trunk.reduce((features, stage) => stage.apply(features) as tfl.SymbolicTensor, input);
const network = tfl.model({ inputs: input, outputs: output });
// The top that the trunk leaves out: the mean over the picture, and a score for every class.
const [scoreWeights, scoreBias] = ['_fc.weight', '_fc.bias'].map((name) => weights.get(name)!);

for (const file of process.argv.slice(2)) {
  const { pixels } = await decodePicture(file, { width: SIDE, height: SIDE });
  const probabilities = tf.tidy(() => {
    const features = network.predict(tf.tensor(normalized(pixels), [1, SIDE, SIDE, 3])) as tf.Tensor;
    const kernel = tf.tensor2d(scoreWeights.values, scoreWeights.shape as [number, number]);
    const scores = tf.add(
      tf.matMul(tf.mean(features, [1, 2]), kernel, false, true),
      tf.tensor(scoreBias.values),
    );
    return tf.softmax(scores as tf.Tensor2D).dataSync();
  });
  const best = [...probabilities.keys()].sort((a, b) => probabilities[b] - probabilities[a]).slice(0, SHOWN);
  const found = best.map((place) => `${classes[place]} ${Math.round(100 * probabilities[place])} %`);
  console.log(`${basename(file)}: ${found.join(', ')}`);
}
