import * as tf from '@tensorflow/tfjs-core';
import { kernel } from './kernel.js';

/**
 * Sums of products over named axes; TensorFlow.js has no such kernel for WASM. Two tensors become one batched
 * product of matrices: the axes of both and of the result are the batch, those of both alone are multiplied away,
 * and those of one alone are its rows or columns.
 */
export const einsum = kernel<Readonly<Record<number, tf.Tensor>>, tf.EinsumAttrs>(
  tf.Einsum,
  ({ inputs, attrs: { equation } }) => {
    const tensors = Object.values(inputs);
    // Refuses what tfjs does not take: no arrow, more than two tensors, an axis twice in one tensor.
    const { allDims, idDims } = tf.backend_util.decodeEinsumEquation(equation, tensors.length);
    tf.backend_util.checkEinsumDimSizes(allDims.length, idDims, tensors);
    const result = equation.replace(/\s/g, '').split('->')[1]!;
    const terms = idDims.map((axes) => axes.map((axis) => allDims[axis]!));
    return tf.tidy(() => {
      const [first, second] = tensors.map((values, index) => {
        const others = terms.filter((_, other) => other !== index).flat();
        return sumAway(
          { values, axes: terms[index]! },
          (axis) => result.includes(axis) || others.includes(axis),
        );
      });
      return arrange(second === undefined ? first! : product(first!, second, result), [...result]);
    });
  },
);

/** A tensor whose axes have names. */
interface Named {
  readonly values: tf.Tensor;
  readonly axes: readonly string[];
}

function sumAway({ values, axes }: Named, stays: (axis: string) => boolean): Named {
  const lost = axes.flatMap((axis, index) => (stays(axis) ? [] : [index]));
  return lost.length === 0 ? { values, axes } : { values: tf.sum(values, lost), axes: axes.filter(stays) };
}

function arrange({ values, axes }: Named, order: readonly string[]): tf.Tensor {
  return tf.transpose(
    values,
    order.map((axis) => axes.indexOf(axis)),
  );
}

function product(first: Named, second: Named, result: string): Named {
  const common = first.axes.filter((axis) => second.axes.includes(axis));
  const batch = common.filter((axis) => result.includes(axis));
  const inner = common.filter((axis) => !result.includes(axis));
  const rows = first.axes.filter((axis) => !common.includes(axis));
  const columns = second.axes.filter((axis) => !common.includes(axis));
  const lengths = new Map(
    [first, second].flatMap(({ values, axes }) => axes.map((axis, index) => [axis, values.shape[index]!])),
  );
  const shape = (axes: readonly string[]) => axes.map((axis) => lengths.get(axis)!);
  const size = (axes: readonly string[]) => tf.util.sizeFromShape(shape(axes));

  const left = tf.reshape(arrange(first, [...batch, ...rows, ...inner]), [
    size(batch),
    size(rows),
    size(inner),
  ]);
  const right = tf.reshape(arrange(second, [...batch, ...inner, ...columns]), [
    size(batch),
    size(inner),
    size(columns),
  ]);
  const axes = [...batch, ...rows, ...columns];
  return { values: tf.reshape(tf.matMul(left, right), shape(axes)), axes };
}
