import { applyStage, type Features, StageError, type Trunk } from '@espalier/core';
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { applyCopies } from './apply-copies.js';
import {
  addLayer,
  channelsOf,
  type Inputs,
  type LayerArgs,
  type LayerWeight,
  pooled,
  type Shapes,
  shapesOf,
  tensorsOf,
} from './layer.js';

/** Where in the trunk there are experts. */
export interface ExpertPlace {
  /**
   * The name of the stage at which the experts begin. All tasks share the stages before it, and what these give is
   * what the gates decide by. Without it there are experts from the first stage, and gates decide by the input.
   */
  readonly from?: string;
}

/**
 * Runs the input through the stages before the experts.
 *
 * @throws StageError when the trunk has no stage of that name.
 */
export function beforeExperts(
  trunk: Trunk,
  input: tfl.SymbolicTensor,
  from: string = trunk[0].name,
): { readonly shared: Features; readonly entry: tfl.SymbolicTensor; readonly stages: Trunk } {
  const first = trunk.findIndex(({ name }) => name === from);
  if (first === -1) {
    const names = trunk.map(({ name }) => name).join(', ');
    throw new StageError(from, `experts are to begin at it, but the trunk's stages are ${names}.`);
  }
  let entry = input;
  const shared = trunk.slice(0, first).map((stage) => {
    entry = applyStage(stage, entry);
    return entry;
  });
  return { shared, entry, stages: trunk.slice(first) };
}

/** A copy of the stages from a place on: a task's own, or one that all tasks share. */
export interface Expert {
  readonly task?: string;
  readonly index: number;
}

export function sharedExperts(count: number): Expert[] {
  return Array.from({ length: count }, (_, index) => ({ index }));
}

export function ownExperts(task: string, count: number): Expert[] {
  return Array.from({ length: count }, (_, index) => ({ task, index }));
}

/** The name of an expert's copy of a stage. */
export function expertName({ task, index }: Expert, stage: string): string {
  return `${task === undefined ? '' : `${task}/`}${stage}/expert${index}`;
}

/**
 * Experts of which each runs through all stages from `from` on, and one gate a task over those that the task sees: its
 * own, and then the shared ones.
 *
 * @param gateOf adds a task's gate, which decides by `entry` over `count` experts.
 */
export function mixtureOfExperts(
  trunk: Trunk,
  input: tfl.SymbolicTensor,
  tasks: readonly string[],
  {
    from,
    experts,
    gateOf,
  }: {
    readonly from: string | undefined;
    readonly experts: readonly Expert[];
    gateOf(task: string, entry: tfl.SymbolicTensor, count: number): GateOutput;
  },
): ReadonlyMap<string, Features> {
  const { shared, entry, stages } = beforeExperts(trunk, input, from);
  const seen = <T>(task: string, all: readonly T[]) =>
    all.filter((_, place) => experts[place].task === undefined || experts[place].task === task);
  const gates = new Map(tasks.map((task) => [task, gateOf(task, entry, seen(task, experts).length)]));
  const features = new Map(tasks.map((task) => [task, [...shared]]));
  let latest = experts.map(() => entry);
  for (const stage of stages) {
    const { name } = stage;
    latest = applyCopies(
      stage,
      new Map(experts.map((expert, place) => [expertName(expert, name), latest[place]])),
    );
    for (const task of tasks) {
      const mixed = addMixture(`${task}/${name}/mixture`, gates.get(task), seen(task, latest));
      features.get(task)!.push(mixed);
    }
  }
  return features;
}

/** A gate over several experts, or none: a single expert needs no gate. */
export type GateOutput = tfl.SymbolicTensor | undefined;

/** Adds a softmax gate that decides by `features`. */
export function addGate(name: string, features: tfl.SymbolicTensor, experts: number): GateOutput {
  return experts === 1 ? undefined : addLayer(new SoftmaxGate({ name, experts }), features);
}

/** Adds what a gate makes of its experts: the sum of their features, each times its weight. */
export function addMixture(
  name: string,
  gate: GateOutput,
  experts: readonly tfl.SymbolicTensor[],
): tfl.SymbolicTensor {
  return gate === undefined ? experts[0] : addLayer(new Mixture({ name }), [gate, ...experts]);
}

export interface GateConfig extends LayerArgs {
  readonly experts: number;
}

/** What says for every example how much each expert counts: [batch, experts], from 0 to 1, with the sum 1. */
export abstract class Gate extends tfl.layers.Layer {
  readonly experts: number;

  constructor(config: GateConfig) {
    super(config);
    this.experts = config.experts;
  }

  override computeOutputShape(inputShape: Shapes): Shapes {
    return [shapesOf(inputShape)[0][0], this.experts];
  }

  override getConfig(): tf.serialization.ConfigDict {
    return { ...super.getConfig(), experts: this.experts };
  }
}

/** softmax(W x), with x the mean of the features over all positions. */
class SoftmaxGate extends Gate {
  static readonly className = 'EspalierSoftmaxGate';
  #kernel!: LayerWeight;

  override build(inputShape: Shapes): void {
    const channels = channelsOf(shapesOf(inputShape)[0], this.name);
    const initializer = tfl.initializers.glorotUniform({});
    this.#kernel = this.addWeight('kernel', [channels, this.experts], 'float32', initializer);
    this.built = true;
  }

  override call(inputs: Inputs): tf.Tensor {
    return tf.tidy(() => tf.softmax(tf.matMul(pooled(tensorsOf(inputs)[0]), this.#kernel.read())));
  }
}
tf.serialization.registerClass(SoftmaxGate);

/** From a gate's weights, [batch, experts], and each expert's features, [batch, ...], to their weighted sum. */
class Mixture extends tfl.layers.Layer {
  static readonly className = 'EspalierMixture';

  override computeOutputShape(inputShape: Shapes): Shapes {
    return shapesOf(inputShape)[1];
  }

  override call(inputs: Inputs): tf.Tensor {
    return tf.tidy(() => {
      const [gate, ...experts] = tensorsOf(inputs);
      const weights = tf.split(gate, experts.length, 1);
      const perExample = [-1, ...experts[0].shape.slice(1).fill(1)];
      return tf.addN(
        experts.map((features, index) => tf.mul(features, tf.reshape(weights[index], perExample))),
      );
    });
  }
}
tf.serialization.registerClass(Mixture);
