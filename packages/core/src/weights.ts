import * as tf from '@tensorflow/tfjs-core';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import { WeightsError } from './errors.js';
import type { Task } from './head.js';
import type { InputShape } from './inputs.js';
import type { Sharing } from './sharing.js';
import { describeShape } from './trunk.js';

/** One weight: its values in row-major order. */
export interface Weight {
  readonly shape: readonly number[];
  readonly values: Float32Array;
}

/** What makes weights fit a model: what it takes, how it shares, and what its heads are. */
export interface Architecture {
  /** One shape, or one a task, by its name. */
  readonly inputShape: InputShape | Readonly<Record<string, InputShape>>;
  readonly sharing: string;
  /** The kind of every head, by task. */
  readonly heads: Readonly<Record<string, string>>;
}

/** All weights of a model, by name, and the architecture that they belong to. */
export interface ModelWeights {
  readonly architecture: Architecture;
  readonly weights: ReadonlyMap<string, Weight>;
}

/** What has to be equal for weights to fit. */
export function describeArchitecture(model: {
  readonly inputShape: Architecture['inputShape'];
  readonly sharing: Sharing;
  readonly tasks: readonly Task[];
}): Architecture {
  return {
    inputShape: model.inputShape,
    sharing: model.sharing.kind,
    heads: Object.fromEntries(model.tasks.map(({ name, head }) => [name, head.kind])),
  };
}

/** A copy of all weights of a network. */
export async function readWeights(network: LayersModel, architecture: Architecture): Promise<ModelWeights> {
  const weights = new Map<string, Weight>();
  for (const [name, variable] of namedVariables(network)) {
    weights.set(name, { shape: variable.shape, values: Float32Array.from(await variable.data()) });
  }
  return { architecture, weights };
}

/** Replaces all weights of a network, or none. */
export function writeWeights(network: LayersModel, architecture: Architecture, saved: ModelWeights): void {
  const variables = namedVariables(network);
  const differences = [
    ...architectureDifferences(architecture, saved.architecture),
    ...weightDifferences(variables, saved.weights),
  ];
  if (differences.length > 0) {
    throw new WeightsError(`These weights belong to another model: ${differences.join('; ')}.`);
  }
  for (const [name, variable] of variables) {
    const { shape, values } = saved.weights.get(name)!;
    const value = tf.tensor(values, [...shape]);
    variable.assign(value);
    value.dispose();
  }
}

/** The network's weights by names that are the same in every process: the layer's name and the weight's. */
export function namedVariables(network: LayersModel): Map<string, tf.Variable> {
  const variables = new Map<string, tf.Variable>();
  for (const layer of network.layers) {
    for (const weight of layer.weights) {
      const own = weight.originalName.split('/').at(-1);
      let name = `${layer.name}/${own}`;
      for (let copy = 1; variables.has(name); copy++) name = `${layer.name}/${own}_${copy}`;
      variables.set(name, asVariable(weight));
    }
  }
  return variables;
}

/** The variable that holds a layer's weight. */
export function asVariable(weight: LayersModel['weights'][number]): tf.Variable {
  const value = weight.read();
  if (value instanceof tf.Variable) return value;
  throw new WeightsError(
    `Weight ${weight.originalName} is not a tf.Variable; is a second copy of @tensorflow/tfjs-core installed?`,
  );
}

function architectureDifferences(own: Architecture, saved: Architecture): string[] {
  const parts = (architecture: Architecture): [string, string][] => [
    ...inputShapes(architecture.inputShape),
    ['sharing', architecture.sharing],
    ...Object.entries(architecture.heads).map(([task, kind]): [string, string] => [
      `head of task "${task}"`,
      kind,
    ]),
  ];
  return differences(new Map(parts(own)), new Map(parts(saved)));
}

function inputShapes(inputShape: Architecture['inputShape']): [string, string][] {
  return isShape(inputShape)
    ? [['input shape', describeShape(inputShape, 'length')]]
    : Object.entries(inputShape).map(([task, shape]) => [
        `input shape of task "${task}"`,
        describeShape(shape, 'length'),
      ]);
}

function isShape(inputShape: Architecture['inputShape']): inputShape is InputShape {
  return Array.isArray(inputShape);
}

function weightDifferences(
  own: ReadonlyMap<string, tf.Variable>,
  saved: ReadonlyMap<string, Weight>,
): string[] {
  const shapes = (weights: ReadonlyMap<string, { readonly shape: readonly number[] }>) =>
    new Map([...weights].map(([name, { shape }]) => [`weight ${name}`, describeShape(shape)]));
  return differences(shapes(own), shapes(saved));
}

function differences(own: ReadonlyMap<string, string>, saved: ReadonlyMap<string, string>): string[] {
  const names = new Set([...own.keys(), ...saved.keys()]);
  return [...names]
    .filter((name) => own.get(name) !== saved.get(name))
    .map((name) => `${name} is ${saved.get(name) ?? 'missing'} there and ${own.get(name) ?? 'missing'} here`);
}
