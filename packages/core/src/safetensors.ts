import { EspalierError } from './errors.js';
import { decodeStoredValues, type StoredType, storedBytes } from './stored-values.js';
import type { Weight } from './weights.js';

/** The bytes are no safetensors file, or not all of one. */
export class SafetensorsError extends EspalierError {
  override readonly name = 'SafetensorsError';
}

/** What a safetensors file holds. */
export interface Safetensors {
  readonly metadata: Readonly<Record<string, string>>;
  readonly tensors: ReadonlyMap<string, Weight>;
}

interface Entry {
  readonly dtype: StoredType;
  readonly shape: readonly number[];
  readonly data_offsets: readonly [number, number];
}

const LENGTH_BYTES = 8;

/**
 * Reads a file of the safetensors format (github.com/huggingface/safetensors, "Format"); numbers of every type become
 * float32.
 *
 * @throws SafetensorsError when bytes are missing, or the header says what cannot be.
 */
export function readSafetensors(bytes: Uint8Array): Safetensors {
  const { metadata, entries, start } = readHeader(bytes);
  const data = bytes.subarray(start);
  const expected = Math.max(0, ...[...entries.values()].map(({ data_offsets }) => data_offsets[1]));
  if (data.length !== expected) {
    throw new SafetensorsError(`holds ${data.length} bytes of values; its header says ${expected}.`);
  }
  const tensors = new Map<string, Weight>();
  for (const [name, { dtype, shape, data_offsets }] of entries) {
    tensors.set(name, { shape, values: decodeStoredValues(data.subarray(...data_offsets), dtype) });
  }
  return { metadata, tensors };
}

function readHeader(bytes: Uint8Array) {
  if (bytes.length < LENGTH_BYTES) {
    throw new SafetensorsError(
      `holds ${bytes.length} bytes; a safetensors file has at least ${LENGTH_BYTES}.`,
    );
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const start = LENGTH_BYTES + Number(view.getBigUint64(0, true));
  if (start > bytes.length) {
    throw new SafetensorsError(
      `ends inside its header: ${bytes.length} of at least ${start} bytes are there.`,
    );
  }
  let parsed: unknown;
  try {
    parsed = JSON.parse(new TextDecoder().decode(bytes.subarray(LENGTH_BYTES, start)));
  } catch (cause) {
    throw new SafetensorsError('has a header that is not JSON.', { cause });
  }
  if (typeof parsed !== 'object' || parsed === null)
    throw new SafetensorsError('has a header without names.');
  const { __metadata__: metadata = {}, ...entries } = parsed as Record<string, unknown>;
  for (const [name, entry] of Object.entries(entries)) checkEntry(name, entry as Partial<Entry> | null);
  return {
    metadata: metadata as Safetensors['metadata'],
    entries: new Map(Object.entries(entries as Record<string, Entry>)),
    start,
  };
}

function checkEntry(name: string, entry: Partial<Entry> | null): void {
  const { dtype, shape, data_offsets: offsets } = entry ?? {};
  if (dtype === undefined || !(dtype in storedBytes)) {
    throw new SafetensorsError(
      `stores ${name} as ${dtype}; readable are ${Object.keys(storedBytes).join(', ')}.`,
    );
  }
  const counts = Array.isArray(shape) && shape.every((size) => Number.isInteger(size) && size >= 0);
  const size = counts ? shape.reduce((product, length) => product * length, storedBytes[dtype]) : Number.NaN;
  if (!Array.isArray(offsets) || !(offsets[0] >= 0) || offsets[1] - offsets[0] !== size) {
    throw new SafetensorsError(
      `says that ${name}, of shape [${shape}] and type ${dtype}, is at the bytes ${offsets?.join(' to ')}.`,
    );
  }
}
