import {
  type Head,
  type InputShape,
  type MultiTaskModel,
  multiTaskModel,
  type Sharing,
  type Trunk,
} from '@espalier/core';
import { sharingConformance } from '@espalier/core/testing';
import { branchedSharing } from '@espalier/sharing';
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { afterEach, describe, test } from 'vitest';
import { denseTrunk, trunks } from './trunks.js';

/** Every strategy passes the kit on every trunk. */
export function testConformance(
  name: string,
  sharing: Sharing,
  on: Readonly<Record<string, { inputShape: number[]; trunk: () => Trunk }>> = trunks,
): void {
  for (const [trunkName, { inputShape, trunk }] of Object.entries(on)) {
    describe(`${name} of ${trunkName}`, () => {
      for (const { name, run } of sharingConformance({ sharing, trunk, inputShape })) test(name, run);
    });
  }
}

/** A head without weights: the task's features are its output, so that a test sees what the strategy gives. */
export const bare: Head<number, number> = {
  kind: 'bare',
  connect(features, task) {
    const last = features.at(-1)!;
    const layer =
      last.shape.length > 2
        ? tfl.layers.flatten({ name: `${task}/flat` })
        : tfl.layers.activation({ name: `${task}/flat`, activation: 'linear' });
    return layer.apply(last) as tfl.SymbolicTensor;
  },
  encode: (labels) => tf.tensor1d(labels.map((label) => label ?? 0)),
  losses: (output, target) =>
    tf.tidy(() => tf.mean(tf.squaredDifference(output, tf.expandDims(target, 1)), 1) as tf.Tensor1D),
  decode: async (output) => Array.from(await output.data()),
  metrics: [{ name: 'none', better: 'lower', compute: () => 0 }],
};

type BareHeads = { readonly a: typeof bare; readonly b: typeof bare; readonly c: typeof bare };
export type BareModel = MultiTaskModel<BareHeads>;

const owned: { dispose(): void }[] = [];
afterEach(() => {
  for (const one of owned.splice(0)) one.dispose();
});

/** Whatever a test makes is disposed of after it. */
export function own<T extends { dispose(): void }>(one: T): T {
  owned.push(one);
  return one;
}

/** A model of the tasks a, b and c whose outputs are the features that the strategy gives. */
export function bareModel(
  sharing: Sharing,
  { inputShape, trunk }: { inputShape: number[]; trunk: () => Trunk } = denseTrunk,
  seed = 1,
): BareModel {
  return own(multiTaskModel({ inputShape, trunk, sharing, heads: { a: bare, b: bare, c: bare }, seed }));
}

/** Numbers between -1 and 1 that are the same in every run. */
export function numbers(count: number, seed = 1): number[] {
  return Array.from({ length: count }, (_, index) => Math.sin(12.9898 * (index + 1) + 78.233 * seed));
}

/** A few examples with a label for every task. */
export function examples({ inputShape }: { readonly inputShape: InputShape }, count = 3) {
  const size = inputShape.reduce<number>((product, length) => product * (length ?? 1), 1);
  return Array.from({ length: count }, (_, index) => ({
    input: Float32Array.from(numbers(size, index + 1)),
    labels: { a: 0.3 * index, b: 0.5 - index, c: 0.8 },
  }));
}

/** Each task's features for a few examples, row after row. */
export function outputs(model: BareModel, count = 3): number[][] {
  return tf.tidy(() => {
    const inputs = model.stack(examples(model, count).map(({ input }) => input));
    const applied = model.network.predict(inputs) as tf.Tensor[];
    return applied.map((output) => Array.from(output.dataSync()));
  });
}

/** All weights by layer, and the weight's own name behind it. */
export async function weightsOf(model: BareModel): Promise<Map<string, Float32Array>> {
  const { weights } = await model.exportWeights();
  return new Map([...weights].map(([name, { values }]) => [name, values]));
}

/** Sets every weight of a model, by name, to what `value` gives for it; `undefined` leaves it. */
export async function setWeights(
  model: BareModel,
  value: (name: string, size: number) => ArrayLike<number> | undefined,
): Promise<void> {
  const { architecture, weights } = await model.exportWeights();
  const changed = [...weights].map(([name, { shape, values }]) => {
    const given = value(name, values.length);
    return [name, { shape, values: given === undefined ? values : Float32Array.from(given) }] as const;
  });
  model.importWeights({ architecture, weights: new Map(changed) });
}

/** Sets every weight of a model to numbers that differ from weight to weight; variances are above zero. */
export async function drawWeights(model: BareModel): Promise<Map<string, Float32Array>> {
  await setWeights(model, (name, size) =>
    numbers(size, name.length + name.charCodeAt(0)).map((value) =>
      name.includes('variance') ? value * value : value,
    ),
  );
  return weightsOf(model);
}

/** The names of the layers that the gradient of one task's loss reaches, sorted. */
export function reachedLayers(model: BareModel, task: 'a' | 'b' | 'c', training = false): string[] {
  return tf.tidy(() => {
    const batch = model.batch(examples(model));
    const { grads } = tf.variableGrads(() => model.losses(batch, { training })[task]!, model.variables);
    const reached = model.network.layers.filter((layer) =>
      layer.trainableWeights.some(({ name }) => grads[name]?.dataSync().some((value) => value !== 0)),
    );
    return reached.map(({ name }) => name).sort();
  });
}

/** The largest difference of two lists of lists. */
export function difference(first: number[][], second: number[][]): number {
  const pairs = first.flatMap((row, index) => row.map((value, place) => value - second[index][place]));
  return Math.max(...pairs.map(Math.abs));
}

/** A network a task: the limit of many strategies. */
export const separate = branchedSharing({ forks: { low: [['a'], ['b'], ['c']] } });

/** The model's network made anew from its config, with the same weights. */
export function rebuilt(model: BareModel): tfl.LayersModel {
  const [, fromConfig] = tf.serialization.SerializationMap.getMap().classNameMap.Model;
  const again = fromConfig(
    tfl.LayersModel,
    model.network.getConfig() as tf.serialization.ConfigDict,
  ) as tfl.LayersModel;
  again.setWeights(model.network.getWeights());
  return again;
}
