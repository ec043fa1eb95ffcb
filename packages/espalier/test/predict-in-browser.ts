/** What export.test.ts has a page do: load what was exported, as docs/guides/export.md says. */
import '@espalier/core';
import * as engine from '@espalier/engine';
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';

/** The raw scores of each task, for inputs that stand one after another. */
async function predict(url: string, inputs: readonly number[]): Promise<number[][]> {
  await engine.use('cpu');
  const network = await tfl.loadLayersModel(url);
  const shape = network.inputs[0].shape.slice(1).map(Number);
  const outputs = tf.tidy(
    () => network.predict(tf.reshape(tf.tensor1d([...inputs]), [-1, ...shape])) as tf.Tensor[],
  );
  return Promise.all(outputs.map(async (output) => Array.from(await output.data())));
}

export type Predict = typeof predict;

Object.assign(globalThis, { predict });
