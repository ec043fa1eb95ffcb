import type { Heads, MultiTaskModel } from '@espalier/core';
import * as engine from '@espalier/engine';
import * as tf from '@tensorflow/tfjs-core';

/**
 * Writes a network as a SavedModel, for TensorFlow Serving and Python: the input `inputs`, [batch size, ...input shape],
 * and one output a task, raw scores under its name. Needs the native engine.
 *
 * @param batchSize how many examples the SavedModel takes at once.
 * @param length how long an example is, where the network leaves it open.
 */
export function saveSavedModel(
  model: MultiTaskModel<Heads>,
  folder: string,
  { batchSize, length }: { readonly batchSize: number; readonly length: number },
): void {
  const program = engine.program({
    state: [...model.weights.values()],
    entries: {
      predict: ({ inputs }: { inputs: tf.Tensor }) => model.outputs(inputs) as engine.NamedTensors,
    },
  });
  try {
    tf.tidy(() => {
      const inputs = tf.zeros([batchSize, ...model.inputShape.map((size) => size ?? length)]);
      program.entries.predict({ inputs });
    });
    engine.export(program, 'predict', folder);
  } finally {
    program.dispose();
  }
}
