import type { ByTask, Features, Stage, Trunk } from '@espalier/core';
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { applyCopies } from './apply-copies.js';
import { featuresByTask, only } from './by-task.js';
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
import { sharedUpTo } from './shared-up-to.js';

/** Where in the trunk there are experts. */
export interface ExpertPlace {
  /**
   * The name of the stage at which the experts begin. All tasks share the stages before it, and what these give is
   * what the gates decide by. Without it there are experts from the first stage, and gates decide by the input.
   */
  readonly from?: string;
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
function expertName({ task, index }: Expert, stage: string): string {
  return `${task === undefined ? '' : `${task}/`}${stage}/expert${index}`;
}

/** Does a task see what this expert gives? */
export function sees(task: string, expert: Expert): boolean {
  return expert.task === undefined || expert.task === task;
}

/** Runs every expert's features through its copy of a stage. */
export function applyExperts(
  stage: Stage,
  experts: readonly Expert[],
  features: readonly ByTask[],
): ByTask[] {
  const { name } = stage;
  return applyCopies(
    stage,
    new Map(experts.map((expert, place) => [expertName(expert, name), features[place]])),
  );
}

/**
 * Experts of which each runs through all stages from `from` on, and one gate a task over those that the task sees: its
 * own, and then the shared ones.
 *
 * @param gateOf adds a task's gate, which decides by `entry` over `count` experts.
 */
export function mixtureOfExperts(
  trunk: Trunk,
  inputs: ByTask,
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
  const { shared, entry, stages } = sharedUpTo(trunk, inputs, from);
  const seenBy = (task: string) => experts.flatMap((expert, place) => (sees(task, expert) ? [place] : []));
  const gates = new Map([...entry].map(([task, own]) => [task, gateOf(task, own, seenBy(task).length)]));
  let latest = experts.map(({ task }) => (task === undefined ? entry : only([task], entry)));
  const mixed = stages.map((stage): ByTask => {
    const { name } = stage;
    latest = applyExperts(stage, experts, latest);
    return new Map(
      [...entry.keys()].map((task) => {
        const seen = seenBy(task).map((place) => latest[place].get(task)!);
        return [task, addMixture(`${task}/${name}/mixture`, gates.get(task), seen)];
      }),
    );
  });
  return featuresByTask([...shared, ...mixed]);
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
export class Mixture extends tfl.layers.Layer {
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
