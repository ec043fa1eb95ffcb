import type { DataOf } from '@espalier/trainer';
import type { FaceHeads } from './network.js';

/** Faces to learn from and to measure on. */
export interface FaceSet {
  readonly title: string;
  readonly people: readonly string[];
  readonly expressions: readonly string[];
  readonly train: DataOf<FaceHeads>;
  readonly test: DataOf<FaceHeads>;
  /** The faces that people are enrolled with. */
  readonly enrolled: DataOf<FaceHeads>;
  /** Faces of people that are not in `people`: some to choose a threshold by, and other people's to try it. */
  readonly others?: { readonly outsiders: DataOf<FaceHeads>; readonly strangers: DataOf<FaceHeads> };
  /** Whether a report may show the pictures. */
  readonly shown: boolean;
}

/** Values of mean 0 and deviation 1: a dark picture then looks like a bright one. */
export function standardized(pixels: Float32Array): Float32Array {
  const mean = pixels.reduce((sum, value) => sum + value, 0) / pixels.length;
  const variance = pixels.reduce((sum, value) => sum + (value - mean) ** 2, 0) / pixels.length;
  const scale = 1 / Math.sqrt(variance + 1e-6);
  return pixels.map((value) => (value - mean) * scale);
}
