import type { Weight } from '@espalier/core';
import h5wasm, { type Dataset, type Group } from 'h5wasm';
import { WeightFileError } from '../errors.js';

let files = 0;

/**
 * Reads Keras' weights: `.weights.h5` of Keras 3, and the older `.h5` of weights or of whole models. Names are
 * `layer/weight`, such as `conv1_conv/kernel`.
 *
 * @throws WeightFileError when the bytes are no HDF5 file, or not one of Keras.
 */
export async function readKerasWeights(bytes: Uint8Array): Promise<ReadonlyMap<string, Weight>> {
  const { FS } = await h5wasm.ready;
  const path = `espalier-weights-${files++}.h5`;
  FS.writeFile(path, bytes);
  try {
    const file = openFile(path);
    try {
      const root = groupOf(file, 'model_weights') ?? file;
      const layers = groupOf(root, 'layers');
      const weights = layers === undefined ? byName(root) : byPlace(layers);
      if (weights.size === 0) throw new WeightFileError('is an HDF5 file without weights of Keras.');
      return weights;
    } finally {
      file.close();
    }
  } finally {
    FS.unlink(path);
  }
}

function openFile(path: string): InstanceType<typeof h5wasm.File> {
  let file: InstanceType<typeof h5wasm.File> | undefined;
  try {
    file = new h5wasm.File(path, 'r');
  } catch (cause) {
    throw new WeightFileError('is no HDF5 file.', { cause });
  }
  if (file.file_id < 0n) throw new WeightFileError('is no HDF5 file.');
  return file;
}

function groupOf(parent: Group, name: string): Group | undefined {
  if (!parent.keys().includes(name)) return undefined;
  const child = parent.get(name);
  return child instanceof h5wasm.Group ? child : undefined;
}

/** Keras 2, and whole models: a group a layer, and in it, as deep as it may be, what is called `kernel` or `kernel:0`. */
function byName(root: Group): Map<string, Weight> {
  const weights = new Map<string, Weight>();
  for (const layer of root.keys()) {
    const group = groupOf(root, layer);
    if (group === undefined) continue;
    for (const path of group.paths()) {
      const entity = group.get(path);
      if (!(entity instanceof h5wasm.Dataset)) continue;
      const own = path.split('/').at(-1)?.replace(/:\d+$/, '').replace('depthwise_', '');
      weights.set(`${layer}/${own}`, weightOf(entity));
    }
  }
  return weights;
}

/** Keras 3: a group a layer, called after the layer's class, with its name as an attribute and its weights by number. */
function byPlace(layers: Group): Map<string, Weight> {
  const weights = new Map<string, Weight>();
  for (const layer of layers.keys()) {
    const vars = groupOf(layers, `${layer}`)?.get('vars');
    if (!(vars instanceof h5wasm.Group) || vars.keys().length === 0) continue;
    const name = vars.attrs.name?.value;
    if (typeof name !== 'string') {
      throw new WeightFileError(
        `does not name its layer layers/${layer}: this version of Keras counted them; save it anew with Keras 3.6 or later.`,
      );
    }
    const numbers = vars.keys().toSorted((a, b) => Number(a) - Number(b));
    const own = numbers.length === 4 ? NORMALIZATION : ['kernel', 'bias'];
    for (const [place, number] of numbers.entries()) {
      weights.set(`${name}/${own[place] ?? number}`, weightOf(vars.get(number) as Dataset));
    }
  }
  return weights;
}

/** The order of a batch normalization's weights. */
const NORMALIZATION = ['gamma', 'beta', 'moving_mean', 'moving_variance'];

function weightOf(dataset: Dataset): Weight {
  return {
    shape: dataset.shape ?? [],
    values: Float32Array.from(dataset.value as ArrayLike<number>),
  };
}
