import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { EngineError } from '../src/index.js';
import { simdOn } from '../src/wasm/simd.js';
import { ofOneThread, ofSharedMemory } from '../src/wasm/simd-modules.js';

const engine = join(import.meta.dirname, '..');

test('the modules are what simd/ compiles to', () => {
  const folder = mkdtempSync(join(tmpdir(), 'simd-'));
  try {
    const made = join(folder, 'simd-modules.ts');
    execFileSync(process.execPath, [join(engine, 'scripts/compile-simd.mjs'), made]);
    const committed = readFileSync(join(engine, 'src/wasm/simd-modules.ts'), 'utf8');
    expect(readFileSync(made, 'utf8') === committed, 'run node scripts/compile-simd.mjs').toBe(true);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

/** The filter gradient of one picture of 1 x 3 pixels, one channel, two taps, with dy 1, 10 in one of 8 channels. */
function filterGradient(module: string, memory: WebAssembly.Memory): number[] {
  const [x, dy, sums, offsets] = [64, 128, 256, 512] as const;
  const values = new Float32Array(memory.buffer);
  values.set([1, 2, 3], x / 4);
  values[dy / 4] = 1;
  values[dy / 4 + 8] = 10;
  new Int32Array(memory.buffer).set([0, 4, 0, 0], offsets / 4);
  const [batch, height, width, inChannels, outHeight, outWidth, outChannels, taps] = [1, 1, 3, 1, 1, 2, 8, 2];
  const [stride, edge, rows, pitch, xWide, wide] = [1, 0, 1, 3, 1, 8];
  simdOn(module, memory).filterGradient(
    ...([false, x, dy, sums, offsets, 0, 0, 0] as const),
    ...([batch, height, width, inChannels, outHeight, outWidth, outChannels, taps] as const),
    ...([stride, stride, edge, edge, rows, pitch, xWide, wide] as const),
  );
  return [values[sums / 4]!, values[sums / 4 + 8]!];
}

test('a memory that threads share is taken, as the backend has it in an isolated page', () => {
  const size = { initial: 1, maximum: 65536 };
  expect(filterGradient(ofOneThread, new WebAssembly.Memory(size))).toEqual([1 + 2 * 10, 2 + 3 * 10]);
  expect(filterGradient(ofSharedMemory, new WebAssembly.Memory({ ...size, shared: true }))).toEqual([21, 32]);
});

test('a host without vectors is refused by name', () => {
  const memory = new WebAssembly.Memory({ initial: 1 });
  const validate = WebAssembly.validate;
  try {
    Object.assign(WebAssembly, { validate: () => false });
    expect(() => simdOn(ofOneThread, memory)).toThrow(EngineError);
    expect(() => simdOn(ofOneThread, memory)).toThrow(/SIMD/);
  } finally {
    Object.assign(WebAssembly, { validate });
  }
});
