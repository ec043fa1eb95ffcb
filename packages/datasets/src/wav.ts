import { DatasetError } from './errors.js';

/** A sound of one channel or several. */
export interface Sound {
  /** In hertz. */
  readonly sampleRate: number;
  /** One list of samples a channel, from −1 to 1. */
  readonly channels: readonly Float32Array[];
}

const PCM = 1;
const FLOAT = 3;
const EXTENSIBLE = 0xfffe;

/**
 * Reads a WAV file (RIFF WAVE, Microsoft and IBM 1991): whole numbers of 8, 16, 24 or 32 bits, or floating point of 32
 * or 64.
 *
 * @param name what the sound is called in errors, such as its file.
 * @throws DatasetError when it is no WAV file, is cut off, or is coded in another way.
 */
export function decodeWav(bytes: Uint8Array, name: string): Sound {
  const refuse = (problem: string): never => {
    throw new DatasetError(`${name}: ${problem}`);
  };
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const text = (at: number) => String.fromCharCode(...bytes.subarray(at, at + 4));
  if (bytes.length < 12 || text(0) !== 'RIFF' || text(8) !== 'WAVE')
    refuse('is no WAV file: it does not begin with RIFF … WAVE.');

  let format: { code: number; channels: number; sampleRate: number; bits: number } | undefined;
  for (let at = 12; at + 8 <= bytes.length; ) {
    const size = view.getUint32(at + 4, true);
    const start = at + 8;
    if (start + size > bytes.length) {
      refuse(`is cut off: its part "${text(at)}" of ${size} bytes begins at ${start} of ${bytes.length}.`);
    }
    if (text(at) === 'fmt ') {
      if (size < 16) refuse(`has a format of ${size} bytes; expected at least 16.`);
      const code = view.getUint16(start, true);
      format = {
        code: code === EXTENSIBLE && size >= 26 ? view.getUint16(start + 24, true) : code,
        channels: view.getUint16(start + 2, true),
        sampleRate: view.getUint32(start + 4, true),
        bits: view.getUint16(start + 14, true),
      };
    }
    if (text(at) === 'data') {
      if (format === undefined) return refuse('has samples before their format.');
      const { code, channels, sampleRate, bits } = format;
      const read = sampleReader(view, code, bits);
      if (read === undefined)
        return refuse(
          `is coded as ${code} with ${bits} bits; expected PCM or floating point. Convert it: ffmpeg -i FILE -c:a pcm_s16le OUT.wav`,
        );
      if (channels < 1 || sampleRate < 1)
        refuse(`has ${channels} channels at ${sampleRate} Hz; expected at least one of each.`);
      const step = bits / 8;
      const length = Math.floor(size / step / channels);
      return {
        sampleRate,
        channels: Array.from({ length: channels }, (_, channel) =>
          Float32Array.from({ length }, (_, place) => read(start + (place * channels + channel) * step)),
        ),
      };
    }
    at = start + size + (size % 2);
  }
  return refuse('has no samples.');
}

function sampleReader(view: DataView, code: number, bits: number): ((at: number) => number) | undefined {
  if (code === FLOAT && bits === 32) return (at) => view.getFloat32(at, true);
  if (code === FLOAT && bits === 64) return (at) => view.getFloat64(at, true);
  if (code !== PCM) return undefined;
  switch (bits) {
    case 8:
      return (at) => (view.getUint8(at) - 128) / 2 ** 7;
    case 16:
      return (at) => view.getInt16(at, true) / 2 ** 15;
    case 24:
      return (at) => (view.getUint16(at, true) + 2 ** 16 * view.getInt8(at + 2)) / 2 ** 23;
    case 32:
      return (at) => view.getInt32(at, true) / 2 ** 31;
    default:
      return undefined;
  }
}
