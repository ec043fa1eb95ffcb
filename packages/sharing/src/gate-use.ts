import type { Heads, InputKind, MultiTaskModel, PerInput } from '@espalier/core';
import * as tf from '@tensorflow/tfjs-core';
import type * as tfl from '@tensorflow/tfjs-layers';
import { SharingError } from './errors.js';
import { Gate, Mixture } from './experts.js';
import { markdownTable } from './reports/markdown-table.js';

/** The mean weight of every expert, by the gate's name and then by the expert's: a task's own experts, then the shared. */
export type GateUse = ReadonlyMap<string, ReadonlyMap<string, number>>;

/**
 * The mean weight that every gate of a model gives to each of its experts on these inputs. A gate is named `age/gate`, or
 * `age/objects/gate` where there is one a stage; an expert after its copy of the last stage, `objects/expert0` or, of a
 * task's own, `age/objects/expert0`.
 *
 * @throws SharingError when the model has no gates.
 */
export async function gateUse<H extends Heads, I extends InputKind>(
  model: MultiTaskModel<H, I>,
  inputs: PerInput<H, I, tf.Tensor>,
): Promise<GateUse> {
  const gates = model.network.layers.filter((layer) => layer instanceof Gate);
  if (gates.length === 0) {
    throw new SharingError(
      `A model with the sharing "${model.sharing.kind}" has no gates whose use could be told.`,
    );
  }
  const weights = model.valuesOf(
    gates.map(({ output }) => output as tfl.SymbolicTensor),
    inputs,
  );
  const means = tf.tidy(() => weights.map((own) => tf.mean(own, 0)));
  try {
    const values = await Promise.all(means.map((mean) => mean.data()));
    return new Map(
      gates.map((gate, index) => [
        gate.name,
        new Map(expertsOf(gate).map((expert, place) => [expert, values[index][place]])),
      ]),
    );
  } finally {
    tf.dispose([weights, means]);
  }
}

/** A gate's experts by the names of their last stage's copies. */
function expertsOf(gate: Gate): string[] {
  const mixtures = gate.outboundNodes.filter(({ outboundLayer }) => outboundLayer instanceof Mixture);
  const [, ...experts] = mixtures[mixtures.length - 1].inputTensors;
  return experts.map(({ sourceLayer }) => sourceLayer.name);
}

/** The use of every gate as a table to print. */
export function gateUseTable(use: GateUse): string {
  return markdownTable(
    ['gate', 'weight', 'expert'],
    [...use].flatMap(([gate, experts]) =>
      [...experts].map(([expert, weight]) => [gate, weight.toFixed(3), expert]),
    ),
  );
}
