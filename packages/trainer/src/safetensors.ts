import { type Architecture, type ModelWeights, readSafetensors, SafetensorsError } from '@espalier/core';

const LENGTH_BYTES = 8;
const VALUE_BYTES = 4;
const NO_CHECKSUM = '0'.repeat(64);

/**
 * Weights in the safetensors format (github.com/huggingface/safetensors, "Format"): the header's length, a JSON
 * header, and the values as little-endian float32. The metadata hold the architecture, and the SHA-256 of the whole
 * file with zeros in the checksum's own place.
 */
export async function encodeSafetensors({ architecture, weights }: ModelWeights): Promise<Uint8Array> {
  let offset = 0;
  const entries: Record<string, { dtype: 'F32'; shape: readonly number[]; data_offsets: [number, number] }> =
    {};
  for (const [name, { shape, values }] of weights) {
    const end = offset + values.length * VALUE_BYTES;
    entries[name] = { dtype: 'F32', shape, data_offsets: [offset, end] };
    offset = end;
  }
  const data = new Uint8Array(offset);
  const view = new DataView(data.buffer);
  for (const [name, { values }] of weights) {
    const start = entries[name].data_offsets[0];
    for (const [index, value] of values.entries()) view.setFloat32(start + index * VALUE_BYTES, value, true);
  }

  const metadata = { format: 'espalier', architecture: JSON.stringify(architecture), sha256: NO_CHECKSUM };
  const json = JSON.stringify({ __metadata__: metadata, ...entries });
  // Spaces up to a multiple of eight, so that readers may map the values as they lie.
  const header = new TextEncoder().encode(json.padEnd(Math.ceil(json.length / 8) * 8));
  const bytes = new Uint8Array(LENGTH_BYTES + header.length + data.length);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(header.length), true);
  bytes.set(header, LENGTH_BYTES);
  bytes.set(data, LENGTH_BYTES + header.length);
  replaceText(bytes, NO_CHECKSUM, await sha256(bytes));
  return bytes;
}

/**
 * The weights in what `encodeSafetensors` wrote.
 *
 * @throws SafetensorsError when bytes are missing, changed, or not written by it.
 */
export async function decodeSafetensors(bytes: Uint8Array): Promise<ModelWeights> {
  const { metadata, tensors } = readSafetensors(bytes);
  if (metadata.format !== 'espalier') {
    throw new SafetensorsError('was not written by espalier: its metadata do not name the format.');
  }
  const checked = bytes.slice();
  replaceText(checked, metadata.sha256 ?? '', NO_CHECKSUM);
  if ((await sha256(checked)) !== metadata.sha256) {
    throw new SafetensorsError('has been changed: it does not agree with its own SHA-256.');
  }
  return { architecture: JSON.parse(metadata.architecture) as Architecture, weights: tensors };
}

/** Replaces the first occurrence of a text by another of its length. */
function replaceText(bytes: Uint8Array, from: string, to: string): void {
  const place = new TextDecoder('latin1').decode(bytes).indexOf(from);
  if (place >= 0) bytes.set(new TextEncoder().encode(to), place);
}

async function sha256(data: Uint8Array): Promise<string> {
  const digest = await crypto.subtle.digest('SHA-256', data as Uint8Array<ArrayBuffer>);
  return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, '0')).join('');
}
