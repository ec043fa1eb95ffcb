import * as tf from '@tensorflow/tfjs-core';
import { ClusterError } from '../errors.js';
import { dataTypes } from '../program/binding.js';
import type { BatchDescription } from './messages.js';
import { standFor } from './per-worker.js';

/** Parts of a batch that workers have read, as inputs of a program. */
export class WorkerBatch {
  /** Each stands for another tensor on every worker. Whoever asked for the batch disposes of them. */
  readonly tensors: Readonly<Record<string, tf.Tensor>>;
  /** What each worker counted. */
  readonly counts: readonly Readonly<Record<string, number>>[];
  private readonly workers: readonly number[];

  /** @param described What is in each worker's variables. */
  constructor(private readonly described: ReadonlyMap<number, BatchDescription>) {
    this.workers = [...described.keys()];
    this.counts = [...described.values()].map(({ counts }) => counts);
    const [first] = described.values();
    const tensors = first!.tensors.map(({ name, dtype, shape }) => {
      const parts = [...described].map(([worker, { tag, place, tensors }]) => {
        const own = tensors.find((tensor) => tensor.name === name && tensor.dtype === dtype);
        if (own === undefined) throw new ClusterError(`worker ${worker} has no examples of '${name}'.`);
        return [worker, { place, shape: own.shape, tag }] as const;
      });
      const type = dtype === dataTypes.bool ? 'bool' : dtype === dataTypes.int32 ? 'int32' : 'float32';
      const shown = tf.zeros([...shape], type);
      return [name, standFor(shown, { kind: 'examples', name, dtype, parts: new Map(parts) })] as const;
    });
    this.tensors = Object.fromEntries(tensors);
  }

  /** One batch of what several have read; its tensors are others. */
  static together(batches: readonly WorkerBatch[]): WorkerBatch {
    return new WorkerBatch(new Map(batches.flatMap((batch) => [...batch.described])));
  }

  /** A number a worker, in the order of `counts`, as an input. */
  perWorker(values: readonly number[]): tf.Scalar {
    const byWorker = this.workers.map((worker, place) => [worker, values[place]!] as const);
    return standFor(tf.scalar(0), { kind: 'values', values: new Map(byWorker) });
  }
}
