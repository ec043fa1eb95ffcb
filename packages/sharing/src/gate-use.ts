import type { Heads, MultiTaskModel } from '@espalier/core';
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { SharingError } from './errors.js';
import { Gate } from './experts.js';

/** How much a gate counts each of its experts, in the order in which the strategy's documentation names them. */
export type GateUse = ReadonlyMap<string, readonly number[]>;

/**
 * The mean weight that every gate of a model gives to each of its experts on these inputs, by the gate's name, such as
 * `age/gate`. A task's own experts come before the shared ones.
 *
 * @throws SharingError when the model has no gates.
 */
export async function gateUse<H extends Heads>(
  { network, sharing }: MultiTaskModel<H>,
  inputs: tf.Tensor,
): Promise<GateUse> {
  const gates = network.layers.filter((layer) => layer instanceof Gate);
  if (gates.length === 0) {
    throw new SharingError(
      `A model with the sharing "${sharing.kind}" has no gates whose use could be told.`,
    );
  }
  const probe = tfl.model({
    inputs: network.inputs,
    outputs: gates.map(({ output }) => output as tfl.SymbolicTensor),
  });
  const means = tf.tidy(() => {
    const weights = probe.apply(inputs);
    return (Array.isArray(weights) ? weights : [weights]).map((own) => tf.mean(own as tf.Tensor, 0));
  });
  try {
    const values = await Promise.all(means.map((mean) => mean.data()));
    return new Map(gates.map(({ name }, index) => [name, Array.from(values[index])]));
  } finally {
    tf.dispose(means);
  }
}
