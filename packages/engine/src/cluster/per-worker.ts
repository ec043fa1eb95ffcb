import type * as tf from '@tensorflow/tfjs-core';
import type { DataType } from '../program/binding.js';
import type { BatchPlace } from './nodes.js';

/** What a tensor stands for that is another one on every worker. */
export type PerWorker =
  | {
      /** Examples that the workers have read: their name there, and by worker what they are. */
      readonly kind: 'examples';
      readonly name: string;
      readonly dtype: DataType;
      readonly parts: ReadonlyMap<number, Part>;
    }
  | {
      /** A number a worker. */
      readonly kind: 'values';
      readonly values: ReadonlyMap<number, number>;
    };

/** A worker's own tensor. */
interface Part {
  readonly place: BatchPlace;
  readonly shape: readonly number[];
  /** Another one for every request. */
  readonly tag: string;
}

const known = new WeakMap<tf.Tensor, PerWorker>();

/** Has a tensor stand for one on every worker. */
export function standFor<T extends tf.Tensor>(tensor: T, perWorker: PerWorker): T {
  known.set(tensor, perWorker);
  return tensor;
}

export function perWorkerOf(tensor: tf.Tensor): PerWorker | undefined {
  return known.get(tensor);
}

/** The inputs that are another tensor on every worker, by their names. */
export function perWorkerInputs(inputs: Readonly<Record<string, tf.Tensor>>): ReadonlyMap<string, PerWorker> {
  return new Map(
    Object.entries(inputs).flatMap(([name, tensor]): [string, PerWorker][] => {
      const found = perWorkerOf(tensor);
      return found === undefined ? [] : [[name, found]];
    }),
  );
}

/** The workers that have one of these. */
export function workersOf(inputs: ReadonlyMap<string, PerWorker>): number[] {
  const workers = [...inputs.values()].flatMap((own) => [
    ...(own.kind === 'examples' ? own.parts : own.values).keys(),
  ]);
  return [...new Set(workers)];
}

/** The request that a worker's examples are the answer to. */
export function requestOf(inputs: ReadonlyMap<string, PerWorker>, worker: number): string | undefined {
  for (const own of inputs.values()) if (own.kind === 'examples') return own.parts.get(worker)?.tag;
  return undefined;
}
