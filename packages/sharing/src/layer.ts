import { StageError } from '@espalier/core';
import * as tf from '@tensorflow/tfjs-core';
import type * as tfl from '@tensorflow/tfjs-layers';

/** What tfjs-layers hands to a layer: the tensor of one input, or a list with one for each input. */
export type Inputs = tf.Tensor | tf.Tensor[];

/** The shape of one input, or a list with one for each input. */
export type Shapes = Parameters<tfl.layers.Layer['build']>[0];
export type Shape = (number | null)[];

/** A weight of a layer. */
export type LayerWeight = tfl.layers.Layer['trainableWeights'][number];

/** What every layer is made with: its name, above all. */
export type LayerArgs = NonNullable<ConstructorParameters<typeof tfl.layers.Layer>[0]>;

export function tensorsOf(inputs: Inputs): tf.Tensor[] {
  return Array.isArray(inputs) ? inputs : [inputs];
}

export function shapesOf(shapes: Shapes): Shape[] {
  return (Array.isArray(shapes[0]) ? shapes : [shapes]) as Shape[];
}

/** Adds a layer to the network behind one or several tensors. */
export function addLayer(
  layer: tfl.layers.Layer,
  inputs: tfl.SymbolicTensor | readonly tfl.SymbolicTensor[],
): tfl.SymbolicTensor {
  return layer.apply(inputs as tfl.SymbolicTensor | tfl.SymbolicTensor[]) as tfl.SymbolicTensor;
}

/**
 * The number of channels: the length of the last axis, over which features are combined.
 *
 * @throws StageError when it is open.
 */
export function channelsOf(shape: readonly (number | null)[], name: string): number {
  const channels = shape[shape.length - 1];
  if (channels === null) throw new StageError(name, 'needs features whose last axis has a fixed length.');
  return channels;
}

/** The mean over all axes between the batch and the channels: [batch, ..., channels] to [batch, channels]. */
export function pooled(features: tf.Tensor): tf.Tensor2D {
  const middle = Array.from({ length: features.rank - 2 }, (_, axis) => axis + 1);
  return (middle.length === 0 ? features : tf.mean(features, middle)) as tf.Tensor2D;
}
