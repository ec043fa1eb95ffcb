import type { BackendWasm } from '@tensorflow/tfjs-backend-wasm';
import { cFunction, tensorParameters } from './c-function.js';
import { withRegions } from './regions.js';

/** The C function behind tfjs's Add. */
type Add = (
  a: number,
  aShape: Uint8Array,
  aRank: number,
  b: number,
  bShape: Uint8Array,
  bRank: number,
  type: number,
  output: number,
) => void;

const addOf = cFunction<Parameters<Add>>('Add', [
  ...tensorParameters,
  ...tensorParameters,
  'number',
  'number',
]);
const float32 = 0;

/** Adds two stretches of the heap, value by value; the result may go where the first one is. */
export function addRegions(backend: BackendWasm, a: number, b: number, output: number, size: number): void {
  const add = addOf(backend);
  const shape = new Uint8Array(new Int32Array([size]).buffer);
  const regions = [a, b, output].map((start) => ({ start, size }));
  withRegions(backend, regions, (aId, bId, outputId) =>
    add(aId!, shape, 1, bId!, shape, 1, float32, outputId!),
  );
}
