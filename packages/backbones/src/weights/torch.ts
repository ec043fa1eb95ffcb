import { decodeStoredValues, messageOf, type StoredType, storedBytes, type Weight } from '@espalier/core';
import { unzipSync } from 'fflate';
import { WeightFileError } from '../errors.js';
import { readPickle } from './pickle.js';

/** A piece of memory that tensors are views of. */
class Storage {
  constructor(
    readonly key: string,
    readonly type: StoredType,
  ) {}
}

/** A tensor whose values are still in the file; strides and offset count values. */
class TensorView {
  constructor(
    readonly storage: Storage,
    readonly offset: number,
    readonly shape: readonly number[],
    readonly strides: readonly number[],
  ) {}
}

const LEGACY_MAGIC = 0x1950a86a20f9469cfc6cn;

/** All that a state dict may name. */
const globals = {
  'torch.DoubleStorage': 'F64',
  'torch.FloatStorage': 'F32',
  'torch.HalfStorage': 'F16',
  'torch.BFloat16Storage': 'BF16',
  'torch.LongStorage': 'I64',
  'torch.IntStorage': 'I32',
  'torch.ShortStorage': 'I16',
  'torch.CharStorage': 'I8',
  'torch.ByteStorage': 'U8',
  'torch.BoolStorage': 'BOOL',
  'collections.OrderedDict': () => new Map(),
  'torch._utils._rebuild_tensor_v2': tensorView,
  'torch._utils._rebuild_parameter': ([tensor]: readonly unknown[]) => tensor,
} satisfies Record<string, StoredType | ((args: readonly unknown[]) => unknown)>;

/**
 * Reads a PyTorch state dict: what `torch.save(model.state_dict(), file)` writes, of today (a zip) and of before 1.6;
 * or a checkpoint, a dict that holds one as `state_dict`. No code of the file is run, and anything else in it than
 * tensors is refused.
 *
 * @throws WeightFileError
 */
export function readTorchWeights(bytes: Uint8Array): ReadonlyMap<string, Weight> {
  const { value, storages } = bytes[0] === 0x50 && bytes[1] === 0x4b ? readZip(bytes) : readLegacy(bytes);
  const dict =
    value instanceof Map && value.get('state_dict') instanceof Map ? value.get('state_dict') : value;
  if (!(dict instanceof Map)) throw new WeightFileError('holds no state dict.');
  const decoded = new Map<Storage['key'], Float32Array>();
  const weights = new Map<string, Weight>();
  for (const [name, tensor] of dict) {
    if (typeof name !== 'string' || !(tensor instanceof TensorView)) {
      throw new WeightFileError(`holds "${name}", which is no tensor; a state dict has nothing else.`);
    }
    const { key, type } = tensor.storage;
    const values = decoded.get(key) ?? decodeStoredValues(storages(key), type);
    decoded.set(key, values);
    weights.set(name, { shape: tensor.shape, values: valuesOf(name, tensor, values) });
  }
  return weights;
}

function readZip(bytes: Uint8Array) {
  let files: ReturnType<typeof unzipSync>;
  try {
    files = unzipSync(bytes);
  } catch (cause) {
    throw new WeightFileError(`is no whole zip: ${messageOf(cause)}.`, {
      cause,
    });
  }
  const index = Object.keys(files).find((name) => name.endsWith('/data.pkl'));
  if (index === undefined) throw new WeightFileError('is a zip without data.pkl; PyTorch did not write it.');
  const folder = index.slice(0, -'data.pkl'.length);
  const order = files[`${folder}byteorder`];
  if (order !== undefined && new TextDecoder().decode(order) !== 'little') {
    throw new WeightFileError('was written on a big-endian machine, which is not read.');
  }
  const { value } = readPickle(files[index], 0, { globals, persistent: storageOf });
  return {
    value,
    storages: (key: string) => {
      const stored = files[`${folder}data/${key}`];
      if (stored === undefined) throw new WeightFileError(`lacks the values of storage ${key}.`);
      return stored;
    },
  };
}

/** Before PyTorch 1.6: a magic number, the protocol, the system, the dict and the keys as pickles; then the values. */
function readLegacy(bytes: Uint8Array) {
  const used = new Map<string, Storage>();
  const persistent = (id: unknown) => {
    const storage = storageOf(id);
    used.set(storage.key, storage);
    return storage;
  };
  const magic = bytes[0] === 0x80 ? readPickle(bytes, 0, { globals: {} }) : undefined;
  if (magic?.value !== LEGACY_MAGIC) throw new WeightFileError('is no file of PyTorch.');
  const protocol = readPickle(bytes, magic.end, { globals: {} });
  const system = readPickle(bytes, protocol.end, { globals: {} });
  if (!(system.value instanceof Map) || system.value.get('little_endian') !== true) {
    throw new WeightFileError('was written on a big-endian machine, which is not read.');
  }
  const { value, end } = readPickle(bytes, system.end, { globals, persistent });
  const keys = readPickle(bytes, end, { globals: {} });
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const stored = new Map<string, Uint8Array>();
  let at = keys.end;
  for (const key of Array.isArray(keys.value) ? keys.value : []) {
    const storage = used.get(key);
    if (storage === undefined || at + 8 > bytes.length) throw new WeightFileError('is not whole.');
    const size = Number(view.getBigUint64(at, true)) * storedBytes[storage.type];
    if (at + 8 + size > bytes.length) throw new WeightFileError('ends inside its values; it is not whole.');
    stored.set(key, bytes.subarray(at + 8, at + 8 + size));
    at += 8 + size;
  }
  return {
    value,
    storages: (key: string) => {
      const found = stored.get(key);
      if (found === undefined) throw new WeightFileError(`lacks the values of storage ${key}.`);
      return found;
    },
  };
}

function tensorView([storage, offset, shape, strides]: readonly unknown[]): TensorView {
  const counts = (list: unknown): list is number[] =>
    Array.isArray(list) && list.every((count) => Number.isInteger(count) && count >= 0);
  if (storage instanceof Storage && counts([offset]) && counts(shape) && counts(strides)) {
    if (shape.length === strides.length) return new TensorView(storage, offset as number, shape, strides);
  }
  throw new WeightFileError('holds a tensor of no shape that can be.');
}

/** The persistent id of a storage: `('storage', type, key, device, size)`, and its base in old files. */
function storageOf(id: unknown): Storage {
  const [kind, type, key] = Array.isArray(id) ? id : [];
  if (kind !== 'storage' || typeof type !== 'string' || !(type in storedBytes) || typeof key !== 'string') {
    throw new WeightFileError('refers to something outside that is no storage of numbers.');
  }
  return new Storage(key, type as StoredType);
}

/** A view's values in row-major order. */
function valuesOf(name: string, { shape, strides, offset }: TensorView, stored: Float32Array): Float32Array {
  const size = shape.reduce((product, length) => product * length, 1);
  const last = shape.reduce((place, length, axis) => place + (length - 1) * strides[axis], offset);
  if (size > 0 && !(last < stored.length)) {
    throw new WeightFileError(
      `holds ${stored.length} values where "${name}" needs ${last + 1}; it is not whole.`,
    );
  }
  const rowMajor = shape.every(
    (length, axis) => length === 1 || strides[axis] === shape.slice(axis + 1).reduce((a, b) => a * b, 1),
  );
  if (rowMajor) return stored.slice(offset, offset + size);
  const values = new Float32Array(size);
  for (let index = 0; index < size; index++) {
    let rest = index;
    let place = offset;
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      place += (rest % shape[axis]) * strides[axis];
      rest = Math.floor(rest / shape[axis]);
    }
    values[index] = stored[place];
  }
  return values;
}
