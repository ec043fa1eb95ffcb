// AssemblyScript: see pictures.ts.
// What is summed over all pixels is summed band by band, so that few terms are added up in a row, and what a band reads
// stays cached.

import { addTo, pad, widen } from './pictures';

/** Pixels of a band, about. */
const bandPixels: i32 = 64;

/**
 * The filter gradient of a convolution: for four taps and eight channels of dy at a time, the sum over a band's pixels.
 *
 * offsets: where the taps' values lie from a pixel's first one; as many as a multiple of four.
 * sums: [taps, a multiple of 8], which is added to.
 */
function convolutionBand(
  x: usize,
  dy: usize,
  sums: usize,
  offsets: usize,
  taps: i32,
  wide: i32,
  rows: i32,
  columns: i32,
  xRow: i32,
  xPixel: i32,
): void {
  const dyPixel = wide << 2;
  for (let channel = 0; channel < wide; channel += 8) {
    for (let tap = 0; tap < taps; tap += 4) {
      const at = offsets + (tap << 2);
      const offset0 = load<i32>(at);
      const offset1 = load<i32>(at, 4);
      const offset2 = load<i32>(at, 8);
      const offset3 = load<i32>(at, 12);
      let sum00 = f32x4.splat(0);
      let sum01 = f32x4.splat(0);
      let sum10 = f32x4.splat(0);
      let sum11 = f32x4.splat(0);
      let sum20 = f32x4.splat(0);
      let sum21 = f32x4.splat(0);
      let sum30 = f32x4.splat(0);
      let sum31 = f32x4.splat(0);
      let gradient = dy + (channel << 2);
      for (let row = 0; row < rows; row++) {
        let pixel = x + row * xRow;
        for (let column = 0; column < columns; column++) {
          const gradient0 = v128.load(gradient);
          const gradient1 = v128.load(gradient, 16);
          const value0 = v128.load32_splat(pixel + offset0);
          sum00 = f32x4.add(sum00, f32x4.mul(value0, gradient0));
          sum01 = f32x4.add(sum01, f32x4.mul(value0, gradient1));
          const value1 = v128.load32_splat(pixel + offset1);
          sum10 = f32x4.add(sum10, f32x4.mul(value1, gradient0));
          sum11 = f32x4.add(sum11, f32x4.mul(value1, gradient1));
          const value2 = v128.load32_splat(pixel + offset2);
          sum20 = f32x4.add(sum20, f32x4.mul(value2, gradient0));
          sum21 = f32x4.add(sum21, f32x4.mul(value2, gradient1));
          const value3 = v128.load32_splat(pixel + offset3);
          sum30 = f32x4.add(sum30, f32x4.mul(value3, gradient0));
          sum31 = f32x4.add(sum31, f32x4.mul(value3, gradient1));
          pixel += xPixel;
          gradient += dyPixel;
        }
      }
      let sum = sums + (tap * wide + channel) * 4;
      addTo(sum, sum00);
      addTo(sum + 16, sum01);
      sum += dyPixel;
      addTo(sum, sum10);
      addTo(sum + 16, sum11);
      sum += dyPixel;
      addTo(sum, sum20);
      addTo(sum + 16, sum21);
      sum += dyPixel;
      addTo(sum, sum30);
      addTo(sum + 16, sum31);
    }
  }
}

/** The same of a depthwise convolution: for three taps and four channels at a time. */
function depthwiseBand(
  x: usize,
  dy: usize,
  sums: usize,
  offsets: usize,
  taps: i32,
  wide: i32,
  rows: i32,
  columns: i32,
  xRow: i32,
  xPixel: i32,
): void {
  const dyPixel = wide << 2;
  for (let channel = 0; channel < dyPixel; channel += 16) {
    for (let tap = 0; tap < taps; tap += 3) {
      const at = offsets + (tap << 2);
      const offset0 = load<i32>(at);
      const offset1 = load<i32>(at, 4);
      const offset2 = load<i32>(at, 8);
      let sum0 = f32x4.splat(0);
      let sum1 = f32x4.splat(0);
      let sum2 = f32x4.splat(0);
      let gradient = dy + channel;
      for (let row = 0; row < rows; row++) {
        let pixel = x + row * xRow + channel;
        for (let column = 0; column < columns; column++) {
          const value = v128.load(gradient);
          sum0 = f32x4.add(sum0, f32x4.mul(value, v128.load(pixel + offset0)));
          sum1 = f32x4.add(sum1, f32x4.mul(value, v128.load(pixel + offset1)));
          sum2 = f32x4.add(sum2, f32x4.mul(value, v128.load(pixel + offset2)));
          pixel += xPixel;
          gradient += dyPixel;
        }
      }
      const sum = sums + tap * dyPixel + channel;
      addTo(sum, sum0);
      addTo(sum + dyPixel, sum1);
      addTo(sum + 2 * dyPixel, sum2);
    }
  }
}

/**
 * Goes through all pictures.
 *
 * padded: room for a picture [rows, pitch, xWide]; where 0, x is read as it lies.
 * widened: the same for one of dy, [outHeight, outWidth, wide]; where 0, dy is read as it lies.
 * repeats: how many times each channel of x is written, one after another; 0 where taps are of single channels.
 */
export function filterGradient(
  depthwise: bool,
  x: usize,
  dy: usize,
  sums: usize,
  offsets: usize,
  spread: usize,
  padded: usize,
  widened: usize,
  batch: i32,
  height: i32,
  width: i32,
  inChannels: i32,
  outHeight: i32,
  outWidth: i32,
  outChannels: i32,
  taps: i32,
  strideHeight: i32,
  strideWidth: i32,
  top: i32,
  left: i32,
  rows: i32,
  pitch: i32,
  xWide: i32,
  wide: i32,
): void {
  const band = max(1, bandPixels / outWidth);
  const xRow = strideHeight * pitch * xWide * 4;
  const xPixel = strideWidth * xWide * 4;
  const dyRow = outWidth * wide * 4;
  if (padded !== 0) memory.fill(padded, 0, rows * pitch * xWide * 4);
  if (widened !== 0) memory.fill(widened, 0, outHeight * dyRow);
  for (let picture = 0; picture < batch; picture++) {
    let pixels = x + picture * height * width * inChannels * 4;
    let gradients = dy + picture * outHeight * outWidth * outChannels * 4;
    if (spread !== 0) {
      widen(pixels, spread, height * width, inChannels, outChannels / inChannels, xWide);
      pixels = spread;
    }
    if (padded !== 0) {
      pad(pixels, padded, height, width, pitch, rows, xWide * 4, top, left);
      pixels = padded;
    }
    if (widened !== 0) {
      widen(gradients, widened, outHeight * outWidth, outChannels, 1, wide);
      gradients = widened;
    }
    for (let row = 0; row < outHeight; row += band) {
      const from = pixels + row * xRow;
      const gradient = gradients + row * dyRow;
      const count = min(band, outHeight - row);
      if (depthwise) depthwiseBand(from, gradient, sums, offsets, taps, wide, count, outWidth, xRow, xPixel);
      else convolutionBand(from, gradient, sums, offsets, taps, wide, count, outWidth, xRow, xPixel);
    }
  }
}
