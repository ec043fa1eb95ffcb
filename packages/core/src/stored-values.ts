/** How files of weights store numbers, by safetensors' names. */
export type StoredType = 'F64' | 'F32' | 'F16' | 'BF16' | 'I64' | 'I32' | 'I16' | 'I8' | 'U8' | 'BOOL';

/** How many bytes a number takes. */
export const storedBytes: Readonly<Record<StoredType, number>> = {
  F64: 8,
  F32: 4,
  F16: 2,
  BF16: 2,
  I64: 8,
  I32: 4,
  I16: 2,
  I8: 1,
  U8: 1,
  BOOL: 1,
};

const readers: Readonly<Record<StoredType, (view: DataView, at: number) => number>> = {
  F64: (view, at) => view.getFloat64(at, true),
  F32: (view, at) => view.getFloat32(at, true),
  F16: (view, at) => half(view.getUint16(at, true)),
  BF16: (view, at) => brainFloat(view.getUint16(at, true)),
  I64: (view, at) => Number(view.getBigInt64(at, true)),
  I32: (view, at) => view.getInt32(at, true),
  I16: (view, at) => view.getInt16(at, true),
  I8: (view, at) => view.getInt8(at),
  U8: (view, at) => view.getUint8(at),
  BOOL: (view, at) => view.getUint8(at),
};

const isLittleEndian = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1;

/** Little-endian numbers of any type as float32. */
export function decodeStoredValues(bytes: Uint8Array, type: StoredType): Float32Array {
  if (type === 'F32' && isLittleEndian) {
    return new Float32Array(new Uint8Array(bytes).buffer, 0, Math.floor(bytes.length / storedBytes.F32));
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const read = readers[type];
  const size = storedBytes[type];
  const values = new Float32Array(Math.floor(bytes.length / size));
  for (let index = 0; index < values.length; index++) values[index] = read(view, index * size);
  return values;
}

/** IEEE 754 binary16: a sign, 5 bits of exponent, 10 of fraction. */
function half(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 0x1f) return fraction ? Number.NaN : sign * Number.POSITIVE_INFINITY;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

const float = new DataView(new ArrayBuffer(4));

/** The upper half of a float32. */
function brainFloat(bits: number): number {
  float.setUint32(0, bits * 0x10000);
  return float.getFloat32(0);
}
