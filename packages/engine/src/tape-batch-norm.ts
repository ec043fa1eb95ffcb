import * as tf from '@tensorflow/tfjs-core';
import { batchNormGradients } from './batch-norm-gradient.js';
import type { TapeNode } from './tape-node.js';

/**
 * Has each batch normalisation by the moments of its own input give its whole gradient at once. tfjs takes the gradients
 * of the normalisation, of the variance and of the mean one after the other, some thirty passes through memory.
 *
 * @param tape All operations of the forward pass.
 */
export function joinBatchNorms(tape: readonly TapeNode[]): TapeNode[] {
  const makers = new Map(tape.flatMap((node) => node.outputs.map(({ id }) => [id, node] as const)));
  const made = (tensor: tf.Tensor | undefined, kernel: string): TapeNode | undefined => {
    const maker = tensor && makers.get(tensor.id);
    return maker?.kernelName === kernel ? maker : undefined;
  };
  const before = (tensor: tf.Tensor | undefined, kernel: string) => made(tensor, kernel)?.inputs.x ?? tensor;

  /** The tensor whose moments, over all axes but the last, these are: as `tf.moments` computes them. */
  function momentsOf(mean: tf.Tensor | undefined, variance: tf.Tensor | undefined): tf.Tensor | undefined {
    const [meanNode, varianceNode] = [made(mean, tf.Mean), made(variance, tf.Mean)];
    const deviation = made(made(varianceNode?.inputs.x, tf.Square)?.inputs.x, tf.Sub);
    const x = meanNode?.inputs.x;
    const isSame =
      before(deviation?.inputs.a, tf.Cast)?.id === x?.id &&
      before(deviation?.inputs.b, tf.Reshape)?.id === mean?.id;
    return isSame && keepsLastAxis(meanNode) && keepsLastAxis(varianceNode) ? x : undefined;
  }

  return tape.map((node) => {
    if (node.kernelName !== tf.FusedBatchNorm || node.saved?.length !== 4) return node;
    const { x, scale, offset, mean, variance } = node.inputs;
    const source = momentsOf(mean, variance);
    const isOwn = source !== undefined && (source.id === x?.id || source.id === before(x, tf.Reshape)?.id);
    if (!isOwn || scale === undefined || offset === undefined) return node;
    const [savedX, savedMean, savedVariance, savedScale] = node.saved as [
      tf.Tensor,
      tf.Tensor,
      tf.Tensor,
      tf.Tensor,
    ];
    const { varianceEpsilon } = node.attributes as unknown as tf.FusedBatchNormAttrs;
    return {
      ...node,
      inputs: { x: x!, scale, offset },
      gradient: ([dy]: tf.Tensor[]) => {
        const gradients = batchNormGradients(dy!, {
          x: savedX,
          scale: savedScale,
          mean: savedMean,
          variance: savedVariance,
          epsilon: varianceEpsilon,
        });
        return {
          x: () => gradients.x,
          scale: () => gradients.scale,
          offset: () => gradients.offset,
        };
      },
    };
  });
}

/** Whether a node takes the mean over all axes but the last, and leaves them out. */
function keepsLastAxis(node: TapeNode | undefined): boolean {
  const x = node?.inputs.x;
  if (x === undefined) return false;
  const { axis, keepDims } = node!.attributes as unknown as tf.MeanAttrs;
  const axes = tf.util.parseAxisParam(axis, x.shape);
  return !keepDims && axes.length === x.rank - 1 && !axes.includes(x.rank - 1);
}
