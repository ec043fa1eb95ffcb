import FFT from 'fft.js';
import { DatasetError } from './errors.js';

export interface LogMelOptions {
  /** In hertz. */
  readonly sampleRate: number;
  /** The length of a frame in samples; it is cut out with a Hann window and filled up to a power of two. */
  readonly windowLength: number;
  /** From one frame to the next, in samples. */
  readonly hopLength: number;
  /** How many bands, at equal distances on the mel scale from 0 Hz to half the sample rate. */
  readonly mels: number;
}

/** Frames of features in row-major order, [frames, mels]. */
export interface LogMelFrames {
  readonly frames: number;
  readonly mels: number;
  readonly values: Float32Array;
}

/** Below this power, a band is silent: the logarithm has to end somewhere. */
const FLOOR = 1e-6;

/**
 * The logarithm (natural) of the power in each mel band of each frame. Frames lie wholly inside the sound: there are
 * floor((samples − windowLength) / hopLength) + 1 of them.
 *
 * The mel scale is S. Young et al., "The HTK Book", section 5.4: 2595 · log10(1 + f / 700). The bands are triangles
 * of height 1 between their neighbours' centres; power is |DFT|² of the windowed frame over the sum of squares of the
 * window.
 *
 * @throws DatasetError when the sound is shorter than one frame, or an option is not a whole number from 1.
 */
export function logMel(samples: Float32Array, options: LogMelOptions): LogMelFrames {
  const { sampleRate, windowLength, hopLength, mels } = options;
  for (const [option, value] of Object.entries(options)) {
    if (!Number.isInteger(value) || value < 1) {
      throw new DatasetError(`logMel: ${option} is ${value}; expected a whole number from 1.`);
    }
  }
  if (samples.length < windowLength) {
    throw new DatasetError(
      `logMel: the sound has ${samples.length} samples, less than one frame of ${windowLength}; pad it with zeros.`,
    );
  }
  const size = Math.max(2 ** Math.ceil(Math.log2(windowLength)), 2);
  const fft = new FFT(size);
  const window = hann(windowLength);
  const energy = window.reduce((sum, value) => sum + value * value, 0);
  const bands = melBands(mels, size, sampleRate);
  const frames = Math.floor((samples.length - windowLength) / hopLength) + 1;
  const values = new Float32Array(frames * mels);
  const frame = new Array<number>(size).fill(0);
  const spectrum = fft.createComplexArray();
  const power = new Float64Array(size / 2 + 1);

  for (let index = 0; index < frames; index++) {
    for (let place = 0; place < windowLength; place++) {
      frame[place] = samples[index * hopLength + place] * window[place];
    }
    fft.realTransform(spectrum, frame);
    for (let bin = 0; bin < power.length; bin++) {
      power[bin] = (spectrum[2 * bin] ** 2 + spectrum[2 * bin + 1] ** 2) / energy;
    }
    for (const [band, { first, weights }] of bands.entries()) {
      const sum = weights.reduce((total, weight, offset) => total + weight * power[first + offset], 0);
      values[index * mels + band] = Math.log(Math.max(sum, FLOOR));
    }
  }
  return { frames, mels, values };
}

/** The periodic Hann window, as is usual for spectra. */
function hann(length: number): Float64Array {
  return Float64Array.from({ length }, (_, place) => 0.5 - 0.5 * Math.cos((2 * Math.PI * place) / length));
}

interface Band {
  /** The first bin of the spectrum that counts. */
  readonly first: number;
  readonly weights: readonly number[];
}

function melBands(mels: number, size: number, sampleRate: number): Band[] {
  const top = toMel(sampleRate / 2);
  const corners = Array.from({ length: mels + 2 }, (_, index) => toHertz((top * index) / (mels + 1)));
  return Array.from({ length: mels }, (_, band) => {
    const [low, centre, high] = corners.slice(band, band + 3);
    const hertz = Array.from({ length: size / 2 + 1 }, (_, bin) => (bin * sampleRate) / size);
    const weights = hertz.map((at) =>
      Math.max(0, Math.min((at - low) / (centre - low), (high - at) / (high - centre))),
    );
    const first = weights.findIndex((weight) => weight > 0);
    const last = weights.findLastIndex((weight) => weight > 0);
    return first < 0 ? { first: 0, weights: [] } : { first, weights: weights.slice(first, last + 1) };
  });
}

const toMel = (hertz: number) => 2595 * Math.log10(1 + hertz / 700);
const toHertz = (mel: number) => 700 * (10 ** (mel / 2595) - 1);
