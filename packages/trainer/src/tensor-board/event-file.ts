import { BinaryWriter, WireType } from '@bufbuild/protobuf/wire';
import crc32c from 'crc-32/crc32c.js';

/** A number at a step. */
export interface Scalar {
  readonly tag: string;
  readonly value: number;
}

/** What every event file begins with. `wallTime` in seconds since 1970. */
export function versionEvent(wallTime: number): Uint8Array {
  return record(event(wallTime).tag(3, WireType.LengthDelimited).string('brain.Event:2').finish());
}

/** Scalars of one step, as a record of an event file: tensorflow.Event with a Summary (tensorflow/core/util/event.proto). */
export function scalarEvent(wallTime: number, step: number, scalars: readonly Scalar[]): Uint8Array {
  const message = event(wallTime).tag(2, WireType.Varint).int64(step);
  message.tag(5, WireType.LengthDelimited).fork();
  for (const { tag, value } of scalars) {
    message.tag(1, WireType.LengthDelimited).fork();
    message.tag(1, WireType.LengthDelimited).string(tag);
    message.tag(2, WireType.Bit32).float(value);
    message.join();
  }
  return record(message.join().finish());
}

function event(wallTime: number): BinaryWriter {
  return new BinaryWriter().tag(1, WireType.Bit64).double(wallTime);
}

/** TFRecord: the length, its checksum, the data, their checksum. */
function record(data: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(8 + 4 + data.length + 4);
  const view = new DataView(bytes.buffer);
  view.setBigUint64(0, BigInt(data.length), true);
  view.setUint32(8, maskedCrc(bytes.subarray(0, 8)), true);
  bytes.set(data, 12);
  view.setUint32(12 + data.length, maskedCrc(data), true);
  return bytes;
}

/** CRC-32C, turned and shifted so that a checksum of checksums is none (tensorflow/core/lib/hash/crc32c.h). */
function maskedCrc(bytes: Uint8Array): number {
  const crc = crc32c.buf(bytes) >>> 0;
  return (((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0;
}
