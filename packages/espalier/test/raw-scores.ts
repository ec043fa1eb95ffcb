import type { Heads, MultiTaskModel } from '@espalier/core';
import * as tf from '@tensorflow/tfjs-core';
import { pixels, SIDE } from './pictures.js';

/** A batch of two. */
export const twoPictures = () =>
  tf.tensor4d(
    [pixels(1), pixels(2)].flatMap((one) => [...one]),
    [2, SIDE, SIDE, 1],
  );

/** What a network gives for them, of every task, and disposes of it. */
export function rawScores<H extends Heads>(model: MultiTaskModel<H>): Record<string, Float32Array> {
  const outputs = tf.tidy(() => model.network.predict(twoPictures()) as tf.Tensor[]);
  const scores = outputs.map((output) => output.dataSync<'float32'>());
  tf.dispose(outputs);
  model.dispose();
  return Object.fromEntries(model.tasks.map(({ name }, index) => [name, scores[index]]));
}
