import type * as tf from '@tensorflow/tfjs-core';
import { ProgramError } from '../errors.js';
import { type NativeBackend, nativeBackend } from './binding.js';
import { encodeSavedModel, type GraphNode } from './saved-model.js';
import { withTemporaryFolder } from './temporary-folder.js';

/** A graph that TensorFlow has loaded, with the values of its variables. */
export class Session {
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
  run(what: string, feeds: ReadonlyMap<string, tf.Tensor>, fetches: readonly string[]): tf.Tensor[] {
    if (nativeBackend() !== this.backend) {
      throw new ProgramError(
        `${what}: the program was made on native TensorFlow, and another engine is in use now. Call engine.use('native') first.`,
      );
    }
    const ids = this.backend.getInputTensorIds([...feeds.values()]);
    const results = failing(`${what} failed`, () =>
      this.backend.binding.runSavedModel(this.id, ids, [...feeds.keys()].join(), fetches.join()),
    );
    return results.map((metadata) => this.backend.createOutputTensor(metadata));
  }

  close(): void {
    this.backend.binding.deleteSavedModel(this.id);
  }
}

function failing<T>(what: string, run: () => T): T {
  try {
    return run();
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new ProgramError(`${what}. TensorFlow says: ${reason}`, { cause });
  }
}
