import type { Batch, Heads, MultiTaskModel } from '@espalier/core';
import * as tf from '@tensorflow/tfjs-core';
import { type TaskMatrix, taskGradients, taskMatrix } from './task-gradients.js';

/**
 * The cosine of the angle between every two tasks' gradients, by the name of the layer that they share: for each layer
 * that several tasks' losses reach, the matrix of these tasks. Below 0 the tasks pull the layer in conflicting
 * directions.
 *
 * T. Yu et al., "Gradient Surgery for Multi-Task Learning", NeurIPS 2020, section 2.2 (conflicting gradients).
 */
export async function gradientCosines<H extends Heads>(
  model: MultiTaskModel<H>,
  batch: Batch<H>,
): Promise<ReadonlyMap<string, TaskMatrix>> {
  const gradients = taskGradients(model, batch);
  try {
    const cosines = new Map<string, TaskMatrix>();
    for (const layer of model.network.layers) {
      const names = layer.trainableWeights.map(({ name }) => name);
      const flat = new Map<string, Float32Array[]>();
      for (const [task, gradient] of gradients) {
        const own = names.map((name) => gradient[name]);
        // The loss reaches all of a layer's weights, or none that another task shares.
        if (own.length === 0 || own.some((tensor) => tensor === undefined)) continue;
        flat.set(task, await Promise.all(own.map((tensor) => tensor.data<'float32'>())));
      }
      if (flat.size < 2) continue;
      const dot = (first: string, second: string) =>
        flat.get(first)!.reduce((sum, values, index) => sum + product(values, flat.get(second)![index]), 0);
      const matrix = taskMatrix([...flat.keys()], (row, column) => {
        const lengths = Math.sqrt(dot(row, row) * dot(column, column));
        return lengths === 0 ? 0 : dot(row, column) / lengths;
      });
      cosines.set(layer.name, matrix);
    }
    return cosines;
  } finally {
    tf.dispose([...gradients.values()]);
  }
}

function product(first: Float32Array, second: Float32Array): number {
  return first.reduce((sum, value, index) => sum + value * second[index], 0);
}
