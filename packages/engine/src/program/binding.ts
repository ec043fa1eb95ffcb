import * as tf from '@tensorflow/tfjs-core';

/** A number of TensorFlow's enum of types (tensorflow/core/framework/types.proto). */
export type DataType = number;

/** The types of TensorFlow that a program's tensors and constants can have. */
export const dataTypes = { float32: 1, int32: 3, complex64: 8, int64: 9, bool: 10 } as const;

/** TensorFlow's number for the type of a tensor. */
export function dataTypeOf({ dtype }: tf.Tensor): DataType {
  return dataTypes[dtype as keyof typeof dataTypes];
}

/** How an operation's attribute reaches the binding: `type` is one of its `TF_ATTR_` numbers. */
export interface Attribute {
  readonly name: string;
  readonly type: number;
  readonly value: unknown;
}

/** A tensor as the binding knows it. */
interface Metadata {
  readonly id: number;
  readonly shape: number[];
  readonly dtype: DataType;
}

/** What a program uses of tfjs-node's addon (tfjs-node/src/tfjs_binding.ts). */
export interface Binding {
  readonly TF_ATTR_STRING: number;
  readonly TF_ATTR_INT: number;
  readonly TF_ATTR_FLOAT: number;
  readonly TF_ATTR_BOOL: number;
  readonly TF_ATTR_TYPE: number;
  readonly TF_ATTR_SHAPE: number;
  createTensor(shape: number[], dtype: DataType, values: HostValues): number;
  deleteTensor(id: number): void;
  tensorDataSync(id: number): HostValues;
  executeOp(name: string, attributes: Attribute[], inputs: number[], outputs: number): Metadata[];
  loadSavedModel(folder: string, tags: string): number;
  runSavedModel(session: number, inputs: number[], inputNames: string, outputNames: string): Metadata[];
  deleteSavedModel(session: number): void;
}

export type HostValues = Float32Array | Int32Array | Uint8Array;

/** What tfjs-node keeps for the data of a tensor: `values` until an operation needs them, then an `id`. */
export interface TensorInfo {
  readonly shape: number[];
  readonly dtype: DataType;
  readonly id: number;
  readonly values: HostValues | readonly number[] | null;
}

/** A tensor, or tfjs-node's stand-in for a scalar of 64 bits. */
export type KernelInput = tf.Tensor | { readonly dtype: 'int64'; readonly valueArray: Int32Array };

/** What a program uses of tfjs-node's backend (tfjs-node/src/nodejs_kernel_backend.ts). */
export interface NativeBackend {
  binding: Binding;
  readonly tensorMap: { get(dataId: object): TensorInfo };
  getInputTensorIds(tensors: KernelInput[]): number[];
  createOutputTensor(metadata: Metadata): tf.Tensor;
}

/** The backend in use, where that is native TensorFlow. */
export function nativeBackend(): NativeBackend | undefined {
  const backend: object = tf.backend();
  return tf.getBackend() === 'tensorflow' && isNative(backend) ? backend : undefined;
}

/** Whether this is the backend of tfjs-node. */
export function isNative(backend: object): backend is NativeBackend {
  return 'binding' in backend && 'tensorMap' in backend;
}
