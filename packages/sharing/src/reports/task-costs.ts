import type { Heads, InputKind, MultiTaskModel } from '@espalier/core';
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { networkGraph } from './network-graph.js';

/** What one task needs of a model that several share. */
export interface TaskCost {
  /** The weights that the task's output depends on. */
  readonly parameters: number;
  /** Those of them that no other task's output depends on. */
  readonly own: number;
  /**
   * The multiplications, each with its addition, in the matrix products and convolutions of one example; of one step
   * where the length is open.
   */
  readonly multiplyAdds: number;
}

/** What every task of a model needs, by task, when it runs alone. The multiply-adds are counted in a forward pass. */
export async function taskCosts<H extends Heads, I extends InputKind>(
  model: MultiTaskModel<H, I>,
): Promise<ReadonlyMap<string, TaskCost>> {
  const { layers } = networkGraph(model);
  const parameters = (served: (tasks: readonly string[]) => boolean) =>
    [...layers].reduce((sum, [layer, tasks]) => (served(tasks) ? sum + layer.countParams() : sum), 0);
  const costs = new Map<string, TaskCost>();
  for (const [index, { name }] of model.tasks.entries()) {
    costs.set(name, {
      parameters: parameters((tasks) => tasks.includes(name)),
      own: parameters((tasks) => tasks.length === 1 && tasks[0] === name),
      multiplyAdds: await multiplyAdds(partOf(model.network, index)),
    });
  }
  return costs;
}

/** What one output of a network needs, as a network. */
function partOf({ inputs, outputs }: tfl.LayersModel, index: number): tfl.LayersModel {
  const before = new Set([outputs[index]]);
  for (const tensor of before) for (const input of tensor.inputs) before.add(input);
  return tfl.model({ inputs: inputs.filter((input) => before.has(input)), outputs: outputs[index] });
}

/** Counts what the kernels of a forward pass do, whatever layers they belong to. */
async function multiplyAdds(network: tfl.LayersModel): Promise<number> {
  const inputs = network.inputs.map(({ shape }) => tf.zeros(shape.map((size) => size ?? 1)));
  try {
    const { kernels } = await tf.profile(() => {
      tf.dispose(network.predict(inputs));
    });
    return kernels.reduce((sum, { name, inputShapes, outputShapes }) => {
      const [first, second] = inputShapes as (number[] | null)[];
      return sum + kernelMultiplyAdds(name, first ?? [], second ?? [], (outputShapes[0] as number[]) ?? []);
    }, 0);
  } finally {
    tf.dispose(inputs);
  }
}

function kernelMultiplyAdds(name: string, first: number[], second: number[], output: number[]): number {
  const size = (shape: number[]) => shape.reduce((product, length) => product * length, 1);
  switch (name) {
    case 'BatchMatMul':
    case '_FusedMatMul': {
      // Every row of the first operand meets every column of the output, whichever way the operands lie.
      const [rows, columns] = output.slice(-2);
      return (size(first) / (size(first.slice(0, -2)) * rows)) * size(output.slice(0, -2)) * rows * columns;
    }
    case 'Conv2D':
    case 'FusedConv2D':
      return size(output) * size(second.slice(0, 3));
    case 'DepthwiseConv2dNative':
    case 'FusedDepthwiseConv2D':
      return size(output) * size(second.slice(0, 2));
    case 'Conv2DBackpropInput':
      // A transposed convolution: every input value meets a whole filter.
      return size(first) * size(second.slice(0, 3));
    default:
      return 0;
  }
}
