import type { DataType } from '../program/binding.js';
import type { BatchPlace } from './nodes.js';

/** Another number for every change of what machines say to each other, and of the nodes by which they do. */
export const protocol = 2;

/** What a process says of itself when its server runs; the chief compares. */
export interface Hello {
  readonly protocol: number;
  readonly tensorflow: string;
  /** The version of our own addon. */
  readonly addon: string;
  /** The cluster as this machine was told of it. */
  readonly cluster: string;
  /** Another one each time that a process starts. */
  readonly id: string;
  /** What its examples belong to; of workers only. */
  readonly examples?: string;
}

/** What is in a worker's variables now. */
export interface BatchDescription {
  readonly tag: string;
  /** Of the process that has read them. */
  readonly id: string;
  readonly place: BatchPlace;
  readonly tensors: readonly {
    readonly name: string;
    readonly dtype: DataType;
    readonly shape: readonly number[];
  }[];
  readonly counts: Readonly<Record<string, number>>;
}

/** A worker's answer to a request. */
export type Description = BatchDescription | { readonly tag: string; readonly error: string };

export function encode(message: Hello | Description): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(message));
}

export function decode<M extends Hello | Description>(data: ArrayBuffer): M {
  return JSON.parse(new TextDecoder().decode(data)) as M;
}
