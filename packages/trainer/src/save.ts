import { readFile } from 'node:fs/promises';
import {
  type Heads,
  type InputKind,
  type ModelWeights,
  type MultiTaskModel,
  messageOf,
  WeightsError,
} from '@espalier/core';
import writeFileAtomic from 'write-file-atomic';
import { FileError } from './errors.js';
import { decodeSafetensors, encodeSafetensors } from './safetensors.js';

/**
 * Writes a model's weights to a safetensors file: beside it, flushed, then renamed, so that the file is always
 * whole, the old one or the new one.
 *
 * @throws FileError when the file cannot be written.
 */
export async function save<H extends Heads, I extends InputKind = 'common'>(
  model: MultiTaskModel<H, I>,
  file: string,
): Promise<void> {
  await saveWeights(await model.exportWeights(), file);
}

/** The same for weights that were copied out of a model before. */
export async function saveWeights(weights: ModelWeights, file: string): Promise<void> {
  const bytes = await encodeSafetensors(weights);
  try {
    await writeFileAtomic(file, Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength));
  } catch (cause) {
    throw new FileError(file, `cannot be written: ${messageOf(cause)}. Name another place.`, { cause });
  }
}

/**
 * Reads a model's weights from a file that `save` wrote.
 *
 * @throws FileError when the file is missing, truncated, changed, or belongs to another architecture; then no
 * weight of the model is changed.
 */
export async function load<H extends Heads, I extends InputKind = 'common'>(
  model: MultiTaskModel<H, I>,
  file: string,
): Promise<void> {
  const weights = await readWeights(file);
  try {
    model.importWeights(weights);
  } catch (cause) {
    throw cause instanceof WeightsError ? new FileError(file, cause.message, { cause }) : cause;
  }
}

/**
 * Reads the weights in a file that `save` wrote, whichever model they belong to.
 *
 * @throws FileError when the file is missing, truncated or changed.
 */
export async function readWeights(file: string): Promise<ModelWeights> {
  let bytes: Uint8Array;
  try {
    bytes = await readFile(file);
  } catch (cause) {
    throw new FileError(file, `cannot be read: ${messageOf(cause)}`, { cause });
  }
  try {
    return await decodeSafetensors(bytes);
  } catch (cause) {
    throw new FileError(file, `is no whole file of weights. It ${messageOf(cause)}`, { cause });
  }
}
