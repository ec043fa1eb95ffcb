import { createHash } from 'node:crypto';
import { type FileHandle, open, readFile, rename, rm } from 'node:fs/promises';
import { endianness } from 'node:os';
import { dirname } from 'node:path';
import { messageOf, readSafetensors, SafetensorsError } from '@espalier/core';
import { FileError } from '../errors.js';
import type { Checkpoint, SavedTensor } from './checkpoint.js';
import { flushToDisk } from './flush-to-disk.js';

const FORMAT = 'espalier checkpoint';
const NO_CHECKSUM = '0'.repeat(64);
const VALUE_BYTES = 4;
/** Hashing this much takes a few milliseconds; then steps may run. */
const PIECE_BYTES = 4 << 20;

/**
 * Writes a checkpoint as a safetensors file: beside it, flushed, renamed, and the folder flushed. The metadata hold what
 * is no tensor as JSON, and the SHA-256 of the file with zeros in the checksum's own place.
 *
 * The values are read, piece by piece, while training goes on.
 *
 * @throws FileError when the file cannot be written; what was there before stays, and nothing else does.
 */
export async function writeCheckpoint(file: string, { tensors, ...state }: Checkpoint): Promise<void> {
  const zeros = header(tensors, state, NO_CHECKSUM);
  const hash = createHash('sha256').update(zeros);
  const temporary = `${file}.tmp`;
  try {
    const handle = await open(temporary, 'w');
    try {
      let position = zeros.length;
      for (const piece of piecesOf(tensors.values())) {
        hash.update(piece);
        await writeAll(handle, piece, position);
        position += piece.length;
      }
      await writeAll(handle, header(tensors, state, hash.digest('hex')), 0);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(temporary, file);
    // A rename is on the disk when its folder is.
    await flushToDisk(dirname(file), 'r');
  } catch (cause) {
    await rm(temporary, { force: true }).catch(() => undefined);
    throw new FileError(
      file,
      `the checkpoint cannot be written: ${messageOf(cause)}. The checkpoints before it are untouched; make room or ` +
        'allow writing, and resume from them.',
      { cause },
    );
  }
}

/**
 * Reads a checkpoint of a run folder.
 *
 * @throws FileError when bytes are missing or changed, or it is no checkpoint.
 */
export async function readCheckpoint(file: string): Promise<Checkpoint> {
  try {
    const bytes = await readFile(file);
    const { metadata, tensors } = readSafetensors(bytes);
    if (metadata.format !== FORMAT) {
      throw new SafetensorsError('is no checkpoint: its metadata do not name the format.');
    }
    const place = bytes.indexOf(metadata.sha256);
    const hash = createHash('sha256')
      .update(bytes.subarray(0, place))
      .update(NO_CHECKSUM)
      .update(bytes.subarray(place + NO_CHECKSUM.length));
    if (hash.digest('hex') !== metadata.sha256) {
      throw new SafetensorsError('has been changed: it does not agree with its own SHA-256.');
    }
    const saved = [...tensors].map(([name, { shape, values }]): [string, SavedTensor] => [
      name,
      { shape, values },
    ]);
    return { ...(JSON.parse(metadata.state) as Omit<Checkpoint, 'tensors'>), tensors: new Map(saved) };
  } catch (cause) {
    throw new FileError(file, `is no whole checkpoint: ${messageOf(cause)}`, { cause });
  }
}

function header(tensors: Checkpoint['tensors'], state: Omit<Checkpoint, 'tensors'>, sha256: string): Buffer {
  let offset = 0;
  const entries = [...tensors].map(([name, { shape }]) => {
    const start = offset;
    offset += sizeOf(shape) * VALUE_BYTES;
    return [name, { dtype: 'F32', shape, data_offsets: [start, offset] }] as const;
  });
  const metadata = { format: FORMAT, sha256, state: JSON.stringify(state) };
  const text = Buffer.from(JSON.stringify({ __metadata__: metadata, ...Object.fromEntries(entries) }));
  // Spaces up to a multiple of eight, so that readers may map the values as they lie.
  const size = Math.ceil(text.length / 8) * 8;
  const bytes = Buffer.alloc(8 + size, ' ');
  bytes.writeBigUInt64LE(BigInt(size), 0);
  text.copy(bytes, 8);
  return bytes;
}

/** All values as bytes: those of small tensors together, those of large ones in several pieces. */
function* piecesOf(tensors: Iterable<SavedTensor>): Generator<Buffer> {
  let gathered: Buffer[] = [];
  let room = PIECE_BYTES;
  for (const { values } of tensors) {
    for (let start = 0; start < values.length; ) {
      const end = Math.min(start + room / VALUE_BYTES, values.length);
      gathered.push(littleEndian(values.subarray(start, end)));
      room -= (end - start) * VALUE_BYTES;
      start = end;
      if (room > 0) continue;
      // Most of a large tensor's pieces are whole ones.
      yield gathered.length === 1 ? gathered[0] : Buffer.concat(gathered);
      gathered = [];
      room = PIECE_BYTES;
    }
  }
  yield Buffer.concat(gathered);
}

function sizeOf(shape: readonly number[]): number {
  return shape.reduce((product, length) => product * length, 1);
}

function littleEndian(values: Float32Array): Buffer {
  const bytes = Buffer.from(values.buffer, values.byteOffset, values.byteLength);
  return endianness() === 'LE' ? bytes : Buffer.from(bytes).swap32();
}

async function writeAll(handle: FileHandle, bytes: Buffer, position: number): Promise<void> {
  for (let written = 0; written < bytes.length; ) {
    const { bytesWritten } = await handle.write(bytes, written, bytes.length - written, position + written);
    written += bytesWritten;
  }
}
