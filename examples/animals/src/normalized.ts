/** A picture's values as EfficientNet-Lite0 takes them: (value − 127) / 128 of values from 0 to 255. */
export function normalized(pixels: Float32Array): Float32Array {
  return pixels.map((value) => (255 * value - 127) / 128);
}
