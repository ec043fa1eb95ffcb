import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Heads, MultiTaskModel } from '@espalier/core';
import * as tf from '@tensorflow/tfjs-core';
import writeFileAtomic from 'write-file-atomic';

const WEIGHTS = 'weights.bin';

/**
 * Writes a network as TensorFlow.js's layers format, `model.json` and `weights.bin`, for `tf.loadLayersModel`: one output
 * a task, raw scores in the order of the tasks. A page that loads it imports the packages whose layers it is made of.
 *
 * @param folder made where it is missing.
 */
export async function saveTensorFlowJs(model: MultiTaskModel<Heads>, folder: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  await model.network.save(
    tf.io.withSaveHandler(async (artifacts) => {
      const weights = Buffer.from(tf.io.CompositeArrayBuffer.join(artifacts.weightData));
      await writeFileAtomic(join(folder, WEIGHTS), weights);
      const description = {
        modelTopology: artifacts.modelTopology,
        format: artifacts.format,
        generatedBy: artifacts.generatedBy,
        convertedBy: artifacts.convertedBy,
        userDefinedMetadata: { tasks: model.tasks.map(({ name }) => name) },
        weightsManifest: [{ paths: [WEIGHTS], weights: artifacts.weightSpecs ?? [] }],
      };
      // Last, since it is what is looked for.
      await writeFileAtomic(join(folder, 'model.json'), JSON.stringify(description));
      return { modelArtifactsInfo: tf.io.getModelArtifactsInfoForJSON(artifacts) };
    }),
  );
}
