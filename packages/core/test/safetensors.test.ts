import { readSafetensors, SafetensorsError } from '@espalier/core';
import { expect, test } from 'vitest';

/** A file as the format's description says: length, header, values. */
function file(header: object, values: readonly number[]): Uint8Array {
  const json = new TextEncoder().encode(JSON.stringify(header));
  const length = new Uint8Array(new BigUint64Array([BigInt(json.length)]).buffer);
  return Uint8Array.from([...length, ...json, ...values]);
}

test('numbers of every type become float32', () => {
  const stored = {
    F64: [0, 0, 0, 0, 0, 0, 0xf8, 0xbf],
    F32: [0, 0, 0xc0, 0xbf],
    F16: [0, 0xbe],
    BF16: [0xc0, 0xbf],
    I64: [0xfe, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
    I32: [0xfe, 0xff, 0xff, 0xff],
    I16: [0xfe, 0xff],
    I8: [0xfe],
    U8: [0xfe],
    BOOL: [1],
  };
  let offset = 0;
  const header = Object.fromEntries(
    Object.entries(stored).map(([dtype, bytes]) => {
      offset += bytes.length;
      return [dtype, { dtype, shape: [1], data_offsets: [offset - bytes.length, offset] }];
    }),
  );
  const { tensors, metadata } = readSafetensors(
    file({ __metadata__: { by: 'hand' }, ...header }, Object.values(stored).flat()),
  );
  expect(metadata).toEqual({ by: 'hand' });
  const values = [...tensors].map(([type, { values }]) => [type, values[0]]);
  expect(Object.fromEntries(values)).toEqual({
    F64: -1.5,
    F32: -1.5,
    F16: -1.5,
    BF16: -1.5,
    I64: -2,
    I32: -2,
    I16: -2,
    I8: -2,
    U8: 254,
    BOOL: 1,
  });
});

test.each([
  [
    'a type that nobody knows',
    { dtype: 'F4', shape: [1], data_offsets: [0, 4] },
    /stores w as F4; readable are/,
  ],
  [
    'a shape that is none',
    { dtype: 'F32', shape: [-1], data_offsets: [0, 4] },
    /says that w, of shape \[-1\]/,
  ],
  [
    'other bytes than its shape',
    { dtype: 'F32', shape: [2], data_offsets: [0, 4] },
    /is at the bytes 0 to 4/,
  ],
  ['no bytes', { dtype: 'F32', shape: [1] }, /is at the bytes undefined/],
  ['nothing', null, /stores w as undefined/],
])('a header that gives a tensor %s is refused', (_, entry, message) => {
  const read = () => readSafetensors(file({ w: entry }, [0, 0, 0, 0]));
  expect(read).toThrow(SafetensorsError);
  expect(read).toThrow(message);
});
