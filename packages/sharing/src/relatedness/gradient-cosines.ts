import type { Batch, Heads, InputKind, MultiTaskModel } from '@espalier/core';
import * as tf from '@tensorflow/tfjs-core';
import { stagesOfLayers } from '../stages.js';
import { taskGradients } from './task-gradients.js';

/** How two tasks' gradients lie to each other in one stage of the trunk. */
export interface GradientCosine {
  readonly stage: string;
  readonly tasks: readonly [string, string];
  /** From -1 to 1, over the weights of the stage that both losses reach; 0 where a gradient is zero. */
  readonly cosine: number;
}

/**
 * The cosine of the angle between the gradients of every two tasks in every stage in which they share weights. Below 0
 * the tasks pull the stage in conflicting directions. Tasks without a label in the batch are left out.
 *
 * T. Yu et al., "Gradient Surgery for Multi-Task Learning", NeurIPS 2020, section 2.2 (conflicting gradients).
 */
export async function gradientCosines<H extends Heads, I extends InputKind>(
  model: MultiTaskModel<H, I>,
  batch: Batch<H, I>,
): Promise<readonly GradientCosine[]> {
  const byStage = variablesByStage(model);
  const gradients = taskGradients(model, batch);
  const tasks = [...gradients.keys()];
  const places: Omit<GradientCosine, 'cosine'>[] = [];
  const cosines = tf.tidy(() => {
    const found: tf.Tensor[] = [];
    for (const [stage, variables] of byStage) {
      for (const [index, first] of tasks.entries()) {
        for (const second of tasks.slice(index + 1)) {
          const pairs = [...variables].flatMap((variable) => {
            const [a, b] = [gradients.get(first)!.get(variable), gradients.get(second)!.get(variable)];
            return a === undefined || b === undefined ? [] : [[a, b]];
          });
          if (pairs.length === 0) continue;
          places.push({ stage, tasks: [first, second] });
          const dot = (x: 0 | 1, y: 0 | 1) => tf.addN(pairs.map((pair) => tf.sum(tf.mul(pair[x], pair[y]))));
          found.push(tf.divNoNan(dot(0, 1), tf.sqrt(tf.mul(dot(0, 0), dot(1, 1)))));
        }
      }
    }
    return found.length === 0 ? tf.zeros([0]) : tf.stack(found);
  });
  try {
    const values = await cosines.data();
    return places.map((place, index) => ({ ...place, cosine: values[index] }));
  } finally {
    cosines.dispose();
    for (const own of gradients.values()) tf.dispose([...own.values()]);
  }
}

function variablesByStage<H extends Heads, I extends InputKind>(
  model: MultiTaskModel<H, I>,
): ReadonlyMap<string, ReadonlySet<tf.Variable>> {
  const byStage = new Map<string, Set<tf.Variable>>(model.stages.map((stage) => [stage, new Set()]));
  const byName = new Map(model.variables.map((variable) => [variable.name, variable]));
  for (const [layer, stage] of stagesOfLayers(model)) {
    for (const { name } of layer.trainableWeights) {
      const variable = byName.get(name);
      if (variable !== undefined) byStage.get(stage)!.add(variable);
    }
  }
  return byStage;
}
