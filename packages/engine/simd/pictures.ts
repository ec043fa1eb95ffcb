// AssemblyScript, not TypeScript: `node scripts/compile-simd.mjs` makes src/wasm/simd-modules.ts of the files here.
// Addresses and offsets are in bytes. Pictures are channels last; `pitch` is how many pixels a row has.

/** Copies a picture between zeros; those are there already. */
export function pad(
  x: usize,
  padded: usize,
  height: i32,
  width: i32,
  pitch: i32,
  rows: i32,
  pixelBytes: i32,
  top: i32,
  left: i32,
): void {
  const columns = min(width, pitch - left);
  if (columns <= 0) return;
  for (let row = max(0, top); row < min(rows, height + top); row++) {
    memory.copy(
      padded + (row * pitch + left) * pixelBytes,
      x + (row - top) * width * pixelBytes,
      columns * pixelBytes,
    );
  }
}

/** Copies pixels that are followed by others to pixels that are `wide` values apart; each value `repeats` times. */
export function widen(from: usize, to: usize, pixels: i32, channels: i32, repeats: i32, wide: i32): void {
  const gap = (wide - channels * repeats) << 2;
  for (let pixel = 0; pixel < pixels; pixel++, to += gap) {
    for (let channel = 0; channel < channels; channel++, from += 4) {
      const value = load<f32>(from);
      for (let repeat = 0; repeat < repeats; repeat++, to += 4) store<f32>(to, value);
    }
  }
}

/** Takes a picture out of the zeros round it; of the neighbouring values that one channel stands for, the sum. */
export function crop(
  from: usize,
  dx: usize,
  height: i32,
  width: i32,
  channels: i32,
  wide: i32,
  repeats: i32,
  rows: i32,
  pitch: i32,
  top: i32,
  left: i32,
): void {
  const columns = min(width, pitch - left);
  if (columns <= 0) return;
  for (let row = max(0, -top); row < min(height, rows - top); row++) {
    let source = from + ((row + top) * pitch + left) * wide * 4;
    let target = dx + row * width * channels * 4;
    if (wide === channels) {
      memory.copy(target, source, columns * channels * 4);
      continue;
    }
    const gap = (wide - channels * repeats) << 2;
    for (let column = 0; column < columns; column++, source += gap) {
      for (let channel = 0; channel < channels; channel++, target += 4) {
        let sum: f32 = 0;
        for (let repeat = 0; repeat < repeats; repeat++, source += 4) sum += load<f32>(source);
        store<f32>(target, sum);
      }
    }
  }
}

export function addTo(sum: usize, value: v128): void {
  v128.store(sum, f32x4.add(v128.load(sum), value));
}
