import type * as tf from '@tensorflow/tfjs-core';
import type { DataType } from '../program/binding.js';

/** What a tensor stands for that is another one on every worker. */
export type PerWorker =
  | {
      /** Examples that the workers have read: the name of their variables there, and the shapes. */
      readonly kind: 'examples';
      readonly name: string;
      readonly dtype: DataType;
      readonly shapes: ReadonlyMap<number, readonly number[]>;
    }
  | {
      /** A number a worker. */
      readonly kind: 'values';
      readonly values: ReadonlyMap<number, number>;
    };

const known = new WeakMap<tf.Tensor, PerWorker>();

/** Has a tensor stand for one on every worker. */
export function standFor<T extends tf.Tensor>(tensor: T, perWorker: PerWorker): T {
  known.set(tensor, perWorker);
  return tensor;
}

export function perWorkerOf(tensor: tf.Tensor): PerWorker | undefined {
  return known.get(tensor);
}
