import { configOf, disposeBatch, layerFromConfig, multiTaskModel } from '@espalier/core';
import { sum } from '@espalier/losses';
import { hardSharing } from '@espalier/sharing';
import { adamW, constant, fit } from '@espalier/trainer';
import { classification } from '@espalier/vision-heads';
import * as tf from '@tensorflow/tfjs-core';
import { expect, test } from 'vitest';
import { featurePyramid, frozen, smallCnn } from '../src/index.js';

const examples = Array.from({ length: 4 }, (_, index) => ({
  input: Float32Array.from({ length: 16 * 16 * 3 }, (_, place) => Math.sin(place * (index + 1))),
  labels: { colour: index % 2 },
}));

const compose = () =>
  multiTaskModel({
    inputShape: [16, 16, 3],
    trunk: () => featurePyramid({ backbone: frozen(smallCnn({ channels: [4, 8] })), levels: 2, channels: 6 }),
    sharing: hardSharing(),
    heads: { colour: classification({ classes: ['dark', 'bright'] }) },
    seed: 1,
  });

test('training changes what is behind frozen stages, and of them neither weights nor statistics', async () => {
  const model = compose();
  const before = (await model.exportWeights()).weights;
  await fit(model, {
    data: { length: 4, at: (index) => examples[index] },
    epochs: 3,
    batchSize: 4,
    optimizer: adamW(),
    schedule: constant(1e-2),
    weighting: sum(),
    seed: 1,
  });
  const after = (await model.exportWeights()).weights;
  model.dispose();
  const changed = [...before].filter(([name, { values }]) =>
    after.get(name)!.values.some((v, i) => v !== values[i]),
  );
  const stages = new Set([...before.keys()].map((name) => name.split('/')[0]));
  expect([...stages].slice(0, 2)).toEqual(['stage0', 'stage1']);
  expect(new Set(changed.map(([name]) => name.split('/')[0]))).toEqual(
    new Set([...stages].filter((name) => !name.startsWith('stage'))),
  );
});

test('frozen stages say the same in training as in prediction', () => {
  const model = compose();
  const batch = model.batch(examples);
  const [training, prediction] = [true, false].map((mode) =>
    tf.tidy(() => model.losses(batch, { training: mode }).colour!.dataSync()[0]),
  );
  expect(training).toBe(prediction);
  disposeBatch(batch);
  model.dispose();
});

test('frozen stages keep the weights that they were given, and can be made again', () => {
  tf.tidy(() => {
    const [stage] = smallCnn({ channels: [4] });
    const picture = tf.tensor4d(examples[0].input, [1, 16, 16, 3]);
    const said = (stage.apply(picture, { training: false }) as tf.Tensor).dataSync();
    const [own] = frozen([stage]);
    expect((own.apply(picture, { training: true }) as tf.Tensor).dataSync()).toEqual(said);
    const again = layerFromConfig(configOf(own), 'trunk');
    again.apply(picture);
    expect(again.countParams()).toBe(own.countParams());
    expect(again.trainableWeights).toEqual([]);
  });
});
