import * as tf from '@tensorflow/tfjs-core';
import { addonFile, findInstalled } from './cache.js';
import { ClusterError } from './errors.js';
import { type DataType, dataTypeOf, dataTypes, type HostValues } from './program/binding.js';
import { setTensorFlow, useOneDnn } from './tensorflow-settings.js';
import { installCommand, tfjs } from './versions.js';

/** A session of TensorFlow. */
export interface SessionHandle {
  readonly session: unique symbol;
}

/** The name of a tensor, its type and shape, and its values: as many bytes as these ask for. */
type Feed = readonly [name: string, dtype: DataType, shape: readonly number[], values: HostValues];

export interface Fetched {
  readonly dtype: DataType;
  readonly shape: number[];
  readonly data: ArrayBuffer;
}

type RunArguments = [
  session: SessionHandle,
  feeds: readonly Feed[],
  fetches: readonly string[],
  targets: readonly string[],
  runOptions: Uint8Array,
];

/** `native/runtime.cc`. What it throws has TensorFlow's number of the error as `code`. */
export interface Addon {
  version(): string;
  startServer(serverDef: Uint8Array, address: string): string;
  openSession(graphDef: Uint8Array, target: string, configProto: Uint8Array): SessionHandle;
  /**
   * Adds nodes.
   *
   * @param tensors Those of the nodes that are there which the new ones take, as `node:index`.
   * @param nodes Those which must have run before new ones.
   */
  extend(
    session: SessionHandle,
    graphDef: Uint8Array,
    tensors: readonly string[],
    nodes: readonly string[],
  ): void;
  run(...run: RunArguments): Promise<Fetched[]>;
  runSync(...run: RunArguments): Fetched[];
  /** Gives TensorFlow's own memory, which may be that of a variable: not to be written in. */
  runShared(...run: RunArguments): Fetched[];
  /**
   * Runs nodes on a thread of the session, and returns at once. What uses the session next waits for it, and throws what
   * it threw, behind `what`.
   */
  runBehind(session: SessionHandle, feeds: readonly Feed[], targets: readonly string[], what: string): void;
  /** Has the session's thread compute tensors, and returns at once: `take` follows. */
  begin(session: SessionHandle, feeds: readonly Feed[], fetches: readonly string[]): void;
  /** The tensors of what has begun, once they are there. */
  take(session: SessionHandle): Fetched[];
  /** For what is behind; throws what it threw. */
  wait(session: SessionHandle): void;
  closeSession(session: SessionHandle): Promise<void>;
  /** Calls `work`, with up to four arguments, while this thread takes no signals, nor any that it starts. */
  undisturbed<Arguments extends unknown[], Result>(
    work: (...given: Arguments) => Result,
    ...given: Arguments
  ): Result;
  /** For when the process ends: what is under way then is left as it is. */
  leave(): void;
}

let loaded: Addon | undefined;
let isMissed = false;

/** Our addon in what is installed; undefined without it. */
export function findAddon(): string | undefined {
  const { existsSync } = process.getBuiltinModule('node:fs');
  const { join } = process.getBuiltinModule('node:path');
  const installed = findInstalled(tfjs);
  const file = installed && join(installed.folder, addonFile);
  return file !== undefined && existsSync(file) ? file : undefined;
}

/**
 * Our addon, where it belongs to this binding of tfjs-node: two TensorFlows in one process would not know each other. Says
 * once that it is missing.
 */
export function addonBeside(binding: string): Addon | undefined {
  if (binding !== findInstalled(tfjs)?.binding) return undefined;
  if (findAddon() !== undefined) return loadAddon();
  if (!isMissed) {
    process.emitWarning(
      `what is installed of native TensorFlow lacks this version's addon, and steps are slower without. Run \`${installCommand}\`: ` +
        'it completes what is there.',
      { type: 'EspalierWarning' },
    );
  }
  isMissed = true;
  return undefined;
}

/** @throws ClusterError where it is not installed. */
export function loadAddon(): Addon {
  if (loaded !== undefined) return loaded;
  const { createRequire } = process.getBuiltinModule('node:module');
  const file = findAddon();
  if (file === undefined) {
    throw new ClusterError(
      `clusters need native TensorFlow with this version's addon, which is not installed. Run \`${installCommand}\`: ` +
        'it completes what is there.',
    );
  }
  setTensorFlow('3');
  useOneDnn();
  const addon: Addon = createRequire(import.meta.url)(file);
  process.once('exit', () => addon.leave());
  loaded = addon;
  return addon;
}

/** Tensors for nodes. */
export function feedsOf(feeds: ReadonlyMap<string, tf.Tensor>, valuesOf = valuesIn): Feed[] {
  return [...feeds].map(([name, tensor]) => {
    const dtype = dataTypeOf(tensor);
    return [name, dtype, tensor.shape, valuesOf(tensor, dtype)];
  });
}

function valuesIn(tensor: tf.Tensor, dtype: DataType): HostValues {
  return valuesFor(dtype, tensor.dataSync());
}

export function tensorOf({ dtype, shape, data }: Fetched): tf.Tensor {
  const type = dtype === dataTypes.bool ? 'bool' : dtype === dataTypes.int32 ? 'int32' : 'float32';
  return tf.tensor(viewOf(dtype, data), shape, type);
}

export function viewOf(dtype: DataType, data: ArrayBuffer): HostValues {
  if (dtype === dataTypes.bool) return new Uint8Array(data);
  return dtype === dataTypes.int32 ? new Int32Array(data) : new Float32Array(data);
}

/** Values of a tensor of tfjs, as TensorFlow takes them. */
export function valuesFor(dtype: DataType, data: ArrayLike<number>): HostValues {
  if (dtype === dataTypes.bool) return Uint8Array.from(data);
  if (dtype === dataTypes.int32) return data instanceof Int32Array ? data : Int32Array.from(data);
  return data instanceof Float32Array ? data : Float32Array.from(data);
}
