import * as tf from '@tensorflow/tfjs-core';
import { type Addon, type Fetched, feedsOf, type SessionHandle, tensorOf, viewOf } from '../addon.js';
import { ClusterFault } from '../errors.js';
import type { HostValues } from '../program/binding.js';
import { encodeGraph, type GraphNode } from '../program/saved-model.js';
import type { GraphSession } from '../program/session-state.js';
import { configProto, runOptions, type SessionOptions } from './protos.js';

/** A graph on a cluster. A run that takes longer than the deadline is given up. */
export class ClusterSession implements GraphSession {
  private readonly handle: SessionHandle;
  private isClosed = false;

  /** @param onClose Called once. */
  constructor(
    private readonly addon: Addon,
    target: string,
    private readonly options: SessionOptions,
    nodes: readonly GraphNode[],
    private readonly onClose: () => void,
  ) {
    this.handle = addon.openSession(encodeGraph(nodes), target, configProto(options));
  }

  run(
    what: string,
    feeds: ReadonlyMap<string, tf.Tensor>,
    fetches: readonly string[],
    changesState = true,
    targets: readonly string[] = [],
  ): tf.Tensor[] {
    return this.fetch(what, feeds, fetches, changesState, targets).map(tensorOf);
  }

  private fetch(
    what: string,
    feeds: ReadonlyMap<string, tf.Tensor>,
    fetches: readonly string[],
    changesState = true,
    targets: readonly string[] = [],
  ): Fetched[] {
    try {
      return this.addon.runSync(this.handle, feedsOf(feeds), fetches, targets, this.runOptions);
    } catch (cause) {
      throw faultOf(what, changesState, cause);
    }
  }

  read(nodes: readonly string[]): tf.Tensor[] {
    return this.run('reading the state', new Map(), nodes);
  }

  peek(nodes: readonly string[]): HostValues[] {
    return this.fetch('reading the state', new Map(), nodes).map(({ dtype, data }) => viewOf(dtype, data));
  }

  write(values: ReadonlyMap<string, tf.Tensor>, loads: readonly string[]): void {
    tf.dispose(this.run('loading the state', values, loads));
  }

  /** Runs nodes for what they do, while other things go on. The state is not among what they change. */
  async start(
    what: string,
    feeds: ReadonlyMap<string, tf.Tensor>,
    targets: readonly string[],
  ): Promise<void> {
    try {
      await this.addon.run(this.handle, feedsOf(feeds), [], targets, this.runOptions);
    } catch (cause) {
      throw faultOf(what, false, cause);
    }
  }

  /** Cancels what is under way; not waited for, since a machine that is gone does not answer. */
  close(): void {
    if (this.isClosed) return;
    this.isClosed = true;
    this.onClose();
    this.addon.closeSession(this.handle).catch(() => undefined);
  }

  private get runOptions(): Uint8Array {
    return runOptions(this.options.deadline);
  }
}

export function faultOf(what: string, changedState: boolean, cause: unknown): ClusterFault {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new ClusterFault(`${what} failed on the cluster. TensorFlow says: ${reason}`, changedState, {
    cause,
  });
}
