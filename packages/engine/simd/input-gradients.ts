// AssemblyScript: see pictures.ts.
// What a pixel of dy gives to the pixels that it came from is added to them where they lie, on a picture that is as
// large as all taps see.

import { addTo, crop, widen } from './pictures';

/** Four rows of dy: for two vectors of taps at a time, the products with a pixel's channels, summed. */
function convolutionRows(
  dy0: usize,
  dy1: usize,
  dy2: usize,
  dy3: usize,
  dx0: usize,
  dx1: usize,
  dx2: usize,
  dx3: usize,
  weights: usize,
  offsets: usize,
  vectors: i32,
  columns: i32,
  channels: i32,
  xPixel: i32,
): void {
  for (let vector = 0; vector < vectors; vector += 2) {
    const offset0 = load<i32>(offsets + (vector << 2));
    const offset1 = load<i32>(offsets + (vector << 2), 4);
    let at = 0;
    let into = 0;
    for (let column = 0; column < columns; column++) {
      let sum00 = f32x4.splat(0);
      let sum01 = f32x4.splat(0);
      let sum10 = f32x4.splat(0);
      let sum11 = f32x4.splat(0);
      let sum20 = f32x4.splat(0);
      let sum21 = f32x4.splat(0);
      let sum30 = f32x4.splat(0);
      let sum31 = f32x4.splat(0);
      let weight = weights;
      for (let channel = 0; channel < channels; channel++) {
        const weight0 = v128.load(weight);
        const weight1 = v128.load(weight, 16);
        const value0 = v128.load32_splat(dy0 + at);
        sum00 = f32x4.add(sum00, f32x4.mul(value0, weight0));
        sum01 = f32x4.add(sum01, f32x4.mul(value0, weight1));
        const value1 = v128.load32_splat(dy1 + at);
        sum10 = f32x4.add(sum10, f32x4.mul(value1, weight0));
        sum11 = f32x4.add(sum11, f32x4.mul(value1, weight1));
        const value2 = v128.load32_splat(dy2 + at);
        sum20 = f32x4.add(sum20, f32x4.mul(value2, weight0));
        sum21 = f32x4.add(sum21, f32x4.mul(value2, weight1));
        const value3 = v128.load32_splat(dy3 + at);
        sum30 = f32x4.add(sum30, f32x4.mul(value3, weight0));
        sum31 = f32x4.add(sum31, f32x4.mul(value3, weight1));
        weight += 32;
        at += 4;
      }
      addTo(dx0 + into + offset0, sum00);
      addTo(dx0 + into + offset1, sum01);
      addTo(dx1 + into + offset0, sum10);
      addTo(dx1 + into + offset1, sum11);
      addTo(dx2 + into + offset0, sum20);
      addTo(dx2 + into + offset1, sum21);
      addTo(dx3 + into + offset0, sum30);
      addTo(dx3 + into + offset1, sum31);
      into += xPixel;
    }
    weights += channels * 32;
  }
}

/**
 * The input gradient of a convolution.
 *
 * weights: [pairs of vectors, outChannels, 8].
 * offsets: where the vectors' first values lie from the first one that a pixel of dy came from.
 * whole: room for a picture [rows, pitch, inChannels] and a vector more.
 * zeros: as many as a row of dy has values.
 */
export function convolutionInputGradient(
  dy: usize,
  weights: usize,
  dx: usize,
  offsets: usize,
  whole: usize,
  zeros: usize,
  batch: i32,
  height: i32,
  width: i32,
  inChannels: i32,
  outHeight: i32,
  outWidth: i32,
  outChannels: i32,
  vectors: i32,
  strideHeight: i32,
  strideWidth: i32,
  top: i32,
  left: i32,
  rows: i32,
  pitch: i32,
): void {
  const dyRow = outWidth * outChannels * 4;
  const xRow = strideHeight * pitch * inChannels * 4;
  const xPixel = strideWidth * inChannels * 4;
  memory.fill(zeros, 0, dyRow);
  for (let picture = 0; picture < batch; picture++) {
    memory.fill(whole, 0, rows * pitch * inChannels * 4);
    for (let row = 0; row < outHeight; row += 4) {
      const gradient = dy + (picture * outHeight + row) * dyRow;
      const into = whole + row * xRow;
      const remaining = outHeight - row;
      convolutionRows(
        gradient,
        remaining > 1 ? gradient + dyRow : zeros,
        remaining > 2 ? gradient + 2 * dyRow : zeros,
        remaining > 3 ? gradient + 3 * dyRow : zeros,
        into,
        remaining > 1 ? into + xRow : into,
        remaining > 2 ? into + 2 * xRow : into,
        remaining > 3 ? into + 3 * xRow : into,
        weights,
        offsets,
        vectors,
        outWidth,
        outChannels,
        xPixel,
      );
    }
    crop(
      whole,
      dx + picture * height * width * inChannels * 4,
      height,
      width,
      inChannels,
      inChannels,
      1,
      rows,
      pitch,
      top,
      left,
    );
  }
}

/** A row of dy: for three taps and four channels at a time. */
function depthwiseRow(
  dy: usize,
  dx: usize,
  weights: usize,
  offsets: usize,
  taps: i32,
  wide: i32,
  columns: i32,
  xPixel: i32,
): void {
  const dyPixel = wide << 2;
  for (let channel = 0; channel < dyPixel; channel += 16) {
    for (let tap = 0; tap < taps; tap += 3) {
      const at = offsets + (tap << 2);
      const offset0 = load<i32>(at);
      const offset1 = load<i32>(at, 4);
      const offset2 = load<i32>(at, 8);
      const weight = weights + tap * dyPixel + channel;
      const weight0 = v128.load(weight);
      const weight1 = v128.load(weight + dyPixel);
      const weight2 = v128.load(weight + 2 * dyPixel);
      let gradient = dy + channel;
      let into = dx + channel;
      for (let column = 0; column < columns; column++) {
        const value = v128.load(gradient);
        addTo(into + offset0, f32x4.mul(value, weight0));
        addTo(into + offset1, f32x4.mul(value, weight1));
        addTo(into + offset2, f32x4.mul(value, weight2));
        gradient += dyPixel;
        into += xPixel;
      }
    }
  }
}

/**
 * The input gradient of a depthwise convolution.
 *
 * weights: [taps, wide], the taps a multiple of three.
 * offsets: where the taps lie from the first one that a pixel of dy came from.
 * whole: room for a picture [rows, pitch, wide].
 * widened: room for a picture of dy, [outHeight, outWidth, wide]; where 0, dy is read as it lies.
 */
export function depthwiseInputGradient(
  dy: usize,
  weights: usize,
  dx: usize,
  offsets: usize,
  whole: usize,
  widened: usize,
  batch: i32,
  height: i32,
  width: i32,
  inChannels: i32,
  outHeight: i32,
  outWidth: i32,
  outChannels: i32,
  wide: i32,
  taps: i32,
  strideHeight: i32,
  strideWidth: i32,
  top: i32,
  left: i32,
  rows: i32,
  pitch: i32,
): void {
  const xRow = strideHeight * pitch * wide * 4;
  const xPixel = strideWidth * wide * 4;
  if (widened !== 0) memory.fill(widened, 0, outHeight * outWidth * wide * 4);
  for (let picture = 0; picture < batch; picture++) {
    memory.fill(whole, 0, rows * pitch * wide * 4);
    let gradients = dy + picture * outHeight * outWidth * outChannels * 4;
    if (widened !== 0) {
      widen(gradients, widened, outHeight * outWidth, outChannels, 1, wide);
      gradients = widened;
    }
    for (let row = 0; row < outHeight; row++) {
      const gradient = gradients + row * outWidth * wide * 4;
      depthwiseRow(gradient, whole + row * xRow, weights, offsets, taps, wide, outWidth, xPixel);
    }
    crop(
      whole,
      dx + picture * height * width * inChannels * 4,
      height,
      width,
      inChannels,
      wide,
      outChannels / inChannels,
      rows,
      pitch,
      top,
      left,
    );
  }
}
