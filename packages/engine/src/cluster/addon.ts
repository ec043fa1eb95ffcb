import { addonFile, findInstalled } from '../cache.js';
import { ClusterError } from '../errors.js';
import { type DataType, dataTypes } from '../program/binding.js';
import { installCommand, tfjs } from '../versions.js';

/** A session of TensorFlow. */
export interface SessionHandle {
  readonly session: unique symbol;
}

/** The name of a tensor, its type and shape, and its values: as many bytes as these ask for. */
type Feed = readonly [name: string, dtype: DataType, shape: readonly number[], values: Values];

export type Values = Float32Array | Int32Array | Uint8Array;

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

/** `native/cluster.cc`. What it throws has TensorFlow's number of the error as `code`. */
export interface Addon {
  version(): string;
  startServer(serverDef: Uint8Array, address: string): string;
  openSession(graphDef: Uint8Array, target: string, configProto: Uint8Array): SessionHandle;
  run(...run: RunArguments): Promise<Fetched[]>;
  runSync(...run: RunArguments): Fetched[];
  closeSession(session: SessionHandle): Promise<void>;
}

/** @throws ClusterError where it is not installed. */
export function loadAddon(): Addon {
  const { existsSync } = process.getBuiltinModule('node:fs');
  const { join } = process.getBuiltinModule('node:path');
  const { createRequire } = process.getBuiltinModule('node:module');
  const installed = findInstalled(tfjs);
  const file = installed && join(installed.folder, addonFile);
  if (file === undefined || !existsSync(file)) {
    throw new ClusterError(
      `clusters need native TensorFlow with this version's addon, which is not installed. Run \`${installCommand}\`: ` +
        'it completes what is there.',
    );
  }
  const settings: { TF_CPP_MIN_LOG_LEVEL?: string | undefined } = process.env;
  settings.TF_CPP_MIN_LOG_LEVEL ??= '3';
  return createRequire(import.meta.url)(file) as Addon;
}

/** Values of a tensor of tfjs, as TensorFlow takes them. */
export function valuesFor(dtype: DataType, data: ArrayLike<number>): Values {
  if (dtype === dataTypes.bool) return Uint8Array.from(data);
  if (dtype === dataTypes.int32) return data instanceof Int32Array ? data : Int32Array.from(data);
  return data instanceof Float32Array ? data : Float32Array.from(data);
}
