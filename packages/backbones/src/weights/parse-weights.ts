import { readSafetensors, type Weight } from '@espalier/core';
import { readKerasWeights } from './keras.js';
import { readTorchWeights } from './torch.js';

/**
 * Reads weights of any format, which the first bytes tell: PyTorch's state dicts, Keras' HDF5 files, safetensors.
 *
 * @throws WeightFileError, SafetensorsError
 */
export async function parseWeights(bytes: Uint8Array): Promise<ReadonlyMap<string, Weight>> {
  const begins = (...signature: number[]) => signature.every((byte, place) => bytes[place] === byte);
  if (begins(0x89, 0x48, 0x44, 0x46)) return readKerasWeights(bytes);
  if (begins(0x50, 0x4b) || (begins(0x80, 2) && bytes[2] === 0x8a)) return readTorchWeights(bytes);
  return readSafetensors(bytes).tensors;
}
