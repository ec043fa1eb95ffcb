import * as tf from '@tensorflow/tfjs-core';
import { ClusterFault } from '../errors.js';
import { dataTypeOf, dataTypes } from '../program/binding.js';
import { encodeGraph, type GraphNode } from '../program/saved-model.js';
import type { GraphSession } from '../program/session-state.js';
import { type Addon, type Fetched, type SessionHandle, valuesFor } from './addon.js';
import { configProto, runOptions, type SessionOptions } from './protos.js';

/** A graph on a cluster. A run that takes longer than the deadline is given up. */
export class ClusterSession implements GraphSession {
  private readonly handle: SessionHandle;

  constructor(
    private readonly addon: Addon,
    target: string,
    private readonly options: SessionOptions,
    nodes: readonly GraphNode[],
  ) {
    this.handle = addon.openSession(encodeGraph(nodes), target, configProto(options));
  }

  run(
    what: string,
    feeds: ReadonlyMap<string, tf.Tensor>,
    fetches: readonly string[],
    changesState = true,
  ): tf.Tensor[] {
    const fed = [...feeds].map(([name, tensor]) => {
      const dtype = dataTypeOf(tensor);
      return [name, dtype, tensor.shape, valuesFor(dtype, tensor.dataSync())] as const;
    });
    try {
      const options = runOptions(this.options.deadline);
      return this.addon.runSync(this.handle, fed, fetches, [], options).map(tensorOf);
    } catch (cause) {
      throw faultOf(what, changesState, cause);
    }
  }

  /** Cancels what is under way; not waited for, since a machine that is gone does not answer. */
  close(): void {
    this.addon.closeSession(this.handle).catch(() => undefined);
  }
}

export function faultOf(what: string, changedState: boolean, cause: unknown): ClusterFault {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new ClusterFault(`${what} failed on the cluster. TensorFlow says: ${reason}`, changedState, {
    cause,
  });
}

function tensorOf({ dtype, shape, data }: Fetched): tf.Tensor {
  if (dtype === dataTypes.bool) return tf.tensor(new Uint8Array(data), shape, 'bool');
  if (dtype === dataTypes.int32) return tf.tensor(new Int32Array(data), shape, 'int32');
  return tf.tensor(new Float32Array(data), shape, 'float32');
}
