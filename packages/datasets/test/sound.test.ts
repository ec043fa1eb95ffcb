import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatasetError, decodeWav, logMel } from '@espalier/datasets';
import fc from 'fast-check';
import { afterAll, describe, expect, test } from 'vitest';
import { spokenDigits } from '../src/node.js';

/** A WAV file of these samples, as whole numbers of so many bits or as floating point. */
function wav(
  samples: readonly number[],
  {
    bits,
    code = 1,
    channels = 1,
    sampleRate = 8000,
  }: {
    bits: number;
    code?: number;
    channels?: number;
    sampleRate?: number;
  },
): Uint8Array<ArrayBuffer> {
  const step = bits / 8;
  const bytes = new Uint8Array(44 + samples.length * step);
  const view = new DataView(bytes.buffer);
  const text = (at: number, value: string) => bytes.set(new TextEncoder().encode(value), at);
  text(0, 'RIFF');
  view.setUint32(4, bytes.length - 8, true);
  text(8, 'WAVEfmt ');
  view.setUint32(16, 16, true);
  view.setUint16(20, code, true);
  view.setUint16(22, channels, true);
  view.setUint32(24, sampleRate, true);
  view.setUint32(28, sampleRate * channels * step, true);
  view.setUint16(32, channels * step, true);
  view.setUint16(34, bits, true);
  text(36, 'data');
  view.setUint32(40, samples.length * step, true);
  for (const [index, sample] of samples.entries()) {
    const at = 44 + index * step;
    if (code === 3) bits === 32 ? view.setFloat32(at, sample, true) : view.setFloat64(at, sample, true);
    else if (bits === 8) view.setUint8(at, 128 + sample * 128);
    else if (bits === 16) view.setInt16(at, sample * 2 ** 15, true);
    else if (bits === 32) view.setInt32(at, sample * 2 ** 31, true);
    else {
      view.setUint16(at, (sample * 2 ** 23) & 0xffff, true);
      view.setInt8(at + 2, Math.floor((sample * 2 ** 23) / 2 ** 16));
    }
  }
  return bytes;
}

describe('decodeWav', () => {
  const samples = [0, 0.5, -0.25, -1];
  test.each([
    { bits: 8 },
    { bits: 16 },
    { bits: 24 },
    { bits: 32 },
    { bits: 32, code: 3 },
    { bits: 64, code: 3 },
  ])('reads %o', (format) => {
    const { sampleRate, channels } = decodeWav(wav(samples, format), 'a.wav');
    expect(sampleRate).toBe(8000);
    expect(channels.map((channel) => [...channel])).toEqual([samples]);
  });

  test('takes channels apart', () => {
    const { channels } = decodeWav(wav(samples, { bits: 16, channels: 2 }), 'a.wav');
    expect(channels.map((channel) => [...channel])).toEqual([
      [0, -0.25],
      [0.5, -1],
    ]);
  });

  test('skips what it does not know, padded to even sizes', () => {
    const plain = wav(samples, { bits: 16 });
    const extra = new Uint8Array([...new TextEncoder().encode('LIST'), 3, 0, 0, 0, 1, 2, 3, 0]);
    const bytes = new Uint8Array([...plain.subarray(0, 12), ...extra, ...plain.subarray(12)]);
    expect([...decodeWav(bytes, 'a.wav').channels[0]]).toEqual(samples);
  });

  test.each([
    ['an empty file', new Uint8Array(), /a\.wav: is no WAV file/],
    [
      'a file that is cut off',
      wav(samples, { bits: 16 }).subarray(0, 48),
      /cut off: its part "data" of 8 bytes/,
    ],
    ['another coding', wav(samples, { bits: 16, code: 85 }), /coded as 85 with 16 bits.*ffmpeg/],
    ['no channels', wav(samples, { bits: 16, channels: 0 }), /0 channels/],
    ['no samples', wav([], { bits: 16 }).subarray(0, 36), /has no samples/],
  ])('refuses %s', (_, bytes, message) => {
    expect(() => decodeWav(bytes, 'a.wav')).toThrow(message);
    expect(() => decodeWav(bytes, 'a.wav')).toThrow(DatasetError);
  });

  test('never fails in another way, whatever the bytes', () => {
    const start = wav([0.1, 0.2, 0.3], { bits: 16 });
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat({ max: start.length - 1 }), fc.nat({ max: 255 })), { maxLength: 6 }),
        fc.nat({ max: start.length }),
        (changes, length) => {
          const bytes = start.slice(0, length);
          for (const [at, value] of changes) if (at < length) bytes[at] = value;
          try {
            decodeWav(bytes, 'a.wav');
          } catch (error) {
            expect(error).toBeInstanceOf(DatasetError);
          }
        },
      ),
    );
  });
});

describe('logMel', () => {
  const options = { sampleRate: 8000, windowLength: 200, hopLength: 80, mels: 20 };
  const sine = (hertz: number, length: number) =>
    Float32Array.from({ length }, (_, place) => Math.sin((2 * Math.PI * hertz * place) / 8000));

  test('is the logarithm of the power in triangles on the mel scale, by the definition', () => {
    const sound = Float32Array.from({ length: 300 }, (_, place) => Math.sin(place * place * 0.003));
    const { frames, values } = logMel(sound, options);
    expect(frames).toBe(2);
    const window = Float64Array.from({ length: 200 }, (_, n) => Math.sin((Math.PI * n) / 200) ** 2);
    const energy = window.reduce((sum, value) => sum + value ** 2, 0);
    const power = Array.from({ length: 129 }, (_, bin) => {
      let [re, im] = [0, 0];
      for (let n = 0; n < 200; n++) {
        re += window[n] * sound[80 + n] * Math.cos((2 * Math.PI * bin * n) / 256);
        im -= window[n] * sound[80 + n] * Math.sin((2 * Math.PI * bin * n) / 256);
      }
      return (re * re + im * im) / energy;
    });
    const mel = (hertz: number) => 1127.01048 * Math.log(1 + hertz / 700);
    const corner = (index: number) => 700 * (Math.exp((mel(4000) * index) / 21 / 1127.01048) - 1);
    for (let band = 0; band < 20; band++) {
      const sum = power.reduce((total, value, bin) => {
        const hertz = (bin * 8000) / 256;
        const rising = (hertz - corner(band)) / (corner(band + 1) - corner(band));
        const falling = (corner(band + 2) - hertz) / (corner(band + 2) - corner(band + 1));
        return total + value * Math.max(0, Math.min(rising, falling));
      }, 0);
      expect(values[20 + band]).toBeCloseTo(Math.log(Math.max(sum, 1e-6)), 3);
    }
  });

  test('a higher tone is in a higher band, and silence is in none', () => {
    const strongest = [300, 700, 1500, 3000].map((hertz) => {
      const { values } = logMel(sine(hertz, 200), options);
      return values.indexOf(Math.max(...values));
    });
    expect(strongest).toEqual([...strongest].sort((a, b) => a - b));
    expect(new Set(strongest).size).toBe(4);
    expect(Math.max(...logMel(new Float32Array(200), options).values)).toBeCloseTo(Math.log(1e-6), 5);
  });

  test('what has no frame is refused', () => {
    expect(() => logMel(new Float32Array(199), options)).toThrow(/199 samples, less than one frame of 200/);
    expect(() => logMel(new Float32Array(300), { ...options, mels: 0 })).toThrow(/mels is 0/);
  });
});

describe('spokenDigits', () => {
  const folder = mkdtempSync(join(tmpdir(), 'espalier-spoken-'));
  afterAll(() => rmSync(folder, { recursive: true }));
  mkdirSync(join(folder, 'recordings'));

  test('says where the recordings are to be had', async () => {
    await expect(spokenDigits(join(folder, 'nowhere'))).rejects.toThrow(
      /no folder .*nowhere.*git clone https/,
    );
    await expect(spokenDigits(folder)).rejects.toThrow(/no file with a name such as.*git clone/);
  });

  test('reads what the names say', async () => {
    writeFileSync(join(folder, 'recordings/7_theo_12.wav'), wav([0, 0.5], { bits: 16 }));
    writeFileSync(join(folder, 'recordings/notes.txt'), 'not a recording');
    expect(await spokenDigits(folder)).toEqual([
      { digit: 7, speaker: 'theo', take: 12, samples: Float32Array.of(0, 0.5) },
    ]);
  });

  test('a file that is not what its name says is refused by name', async () => {
    writeFileSync(join(folder, 'recordings/8_theo_0.wav'), wav([0], { bits: 16, sampleRate: 44100 }));
    await expect(spokenDigits(folder)).rejects.toThrow(/8_theo_0\.wav: has 1 channels at 44100 Hz/);
  });
});
