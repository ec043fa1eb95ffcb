import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Heads, MultiTaskModel } from '@espalier/core';
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
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

/** Reads what `saveTensorFlowJs` wrote, as `tf.loadLayersModel` does from a web server. */
export async function loadTensorFlowJs(folder: string): Promise<tfl.LayersModel> {
  const json: tf.io.ModelJSON = JSON.parse(await readFile(join(folder, 'model.json'), 'utf8'));
  const artifacts = await tf.io.getModelArtifactsForJSON(json, async (manifest) => {
    const bytes = await readFile(join(folder, WEIGHTS));
    const data = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength) as ArrayBuffer;
    return [manifest.flatMap(({ weights }) => weights), data];
  });
  return tfl.loadLayersModel(tf.io.fromMemory(artifacts));
}
