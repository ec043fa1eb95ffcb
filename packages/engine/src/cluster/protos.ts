import { graphOptions } from '../program/graph-options.js';
import { Message } from '../program/wire.js';
import type { ClusterSpec, Task } from './spec.js';

/**
 * A `ServerDef`: what one server of a cluster is told. The chief has no server, and is not in it.
 *
 * The field numbers are those of tensorflow/core/protobuf/{tensorflow_server,cluster,config}.proto.
 */
export function serverDef({ jobs }: ClusterSpec, { job, index }: Task): Uint8Array {
  const cluster = new Message();
  for (const name of ['ps', 'worker'] as const) {
    const definition = new Message().string(1, name);
    jobs[name].forEach((address, place) => {
      definition.message(2, new Message().varint(1, place).string(2, address));
    });
    cluster.message(1, definition);
  }
  return new Message().message(1, cluster).string(2, job).varint(3, index).string(5, 'grpc').finish();
}

export interface SessionOptions {
  /** The tasks that it may use: it does not wait for others. */
  readonly devices: readonly string[];
  /** How long the servers may take to answer, ms. */
  readonly deadline: number;
  /** Threads within one operation; TensorFlow's choice unless given. */
  readonly threads?: number | undefined;
  /** Compiles with XLA. */
  readonly xla?: boolean | undefined;
}

/** A `ConfigProto`. Graphics memory is taken as it is needed. */
export function configProto({ devices, deadline, threads, xla }: SessionOptions): Uint8Array {
  const config = new Message();
  if (threads !== undefined) config.varint(2, threads);
  for (const device of devices) config.string(4, device);
  config.message(6, new Message().varint(4, true)).varint(7, true);
  const graph = graphOptions();
  if (xla) graph.message(3, new Message().varint(5, 2));
  config.message(10, graph);
  return config.varint(11, deadline).finish();
}

/** `RunOptions`: how long a run may take, ms; undefined: for ever. */
export function runOptions(deadline: number | undefined): Uint8Array {
  return deadline === undefined ? new Uint8Array() : new Message().varint(2, deadline).finish();
}
