import type * as tf from '@tensorflow/tfjs-core';
import type { HostValues } from './binding.js';
import type { NamedTensors } from './entry.js';

/** What runs a program's entries: the functions themselves, or what became of them. */
export interface Runner {
  /** @param work called once, while the entry is computed if it can be. */
  run(entry: string, inputs: NamedTensors, work?: () => void): NamedTensors;
  ahead(entry: string, inputs: NamedTensors): Promise<void>;
  sync(): void;
  peek(variables: readonly tf.Variable[]): readonly HostValues[];
  load(): void;
  savedModel(entry: string): Uint8Array;
  dispose(): void;
}
