import * as tf from '@tensorflow/tfjs-core';
import type { HostValues, NativeBackend } from './binding.js';
import { encodeSavedModel, type GraphNode } from './saved-model.js';
import { expectInUse, failing, type Session } from './session.js';
import { withTemporaryFolder } from './temporary-folder.js';

/** A session of tfjs-node's own binding: a graph once loaded stays as it is. */
export class StockSession implements Session {
  private readonly id: number;

  /** @param what For errors. */
  constructor(
    what: string,
    private readonly backend: NativeBackend,
    nodes: readonly GraphNode[],
  ) {
    const { writeFileSync } = process.getBuiltinModule('node:fs');
    this.id = withTemporaryFolder((folder) => {
      writeFileSync(`${folder}/saved_model.pb`, encodeSavedModel(nodes));
      return failing(`${what} cannot be loaded`, () => backend.binding.loadSavedModel(folder, 'serve'));
    });
  }

  /**
   * Feeds tensors to nodes, and gives the tensors of others, which are the caller's.
   *
   * @param what For errors.
   */
  run(
    what: string,
    feeds: ReadonlyMap<string, tf.Tensor>,
    fetches: readonly string[],
    work?: () => void,
  ): tf.Tensor[] {
    expectInUse(what, this.backend);
    work?.();
    const ids = this.backend.getInputTensorIds([...feeds.values()]);
    const results = failing(`${what} failed`, () =>
      this.backend.binding.runSavedModel(this.id, ids, [...feeds.keys()].join(), fetches.join()),
    );
    return results.map((metadata) => this.backend.createOutputTensor(metadata));
  }

  read(nodes: readonly string[]): tf.Tensor[] {
    return this.run('reading the state', new Map(), nodes);
  }

  peek(nodes: readonly string[]): HostValues[] {
    const tensors = this.read(nodes);
    const values = tensors.map((tensor) => tensor.dataSync());
    tf.dispose(tensors);
    return values;
  }

  write(values: ReadonlyMap<string, tf.Tensor>, loads: readonly string[]): void {
    tf.dispose(this.run('loading the state', values, loads));
  }

  grow(): boolean {
    return false;
  }

  perform(what: string, feeds: ReadonlyMap<string, tf.Tensor>, node: string): void {
    tf.dispose(this.run(what, feeds, [node]));
  }

  close(): void {
    this.backend.binding.deleteSavedModel(this.id);
  }
}
