import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, inject, test, vi } from 'vitest';
import { AppendedFile } from '../src/appended-file.js';
import { bundle } from './bundle.js';

let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'espalier-appended-'));
  path = join(folder, 'lines');
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
  rmSync(folder, { recursive: true, force: true });
});

const written = () => readFileSync(path, 'utf8');
const text = (piece: string) => () => Buffer.from(piece);

test('what is appended is there a second later, in order, behind what was there', () => {
  new AppendedFile(path).append(text('a'));
  vi.advanceTimersByTime(1000);
  const file = new AppendedFile(path);
  file.append(text('b'));
  vi.advanceTimersByTime(600);
  file.append(text('c'));
  expect(written()).toBe('a');
  vi.advanceTimersByTime(400);
  expect(written()).toBe('abc');
});

test('so it is where no timer comes to its turn, and at once after `flush`', () => {
  const file = new AppendedFile(path);
  file.append(text('a'));
  vi.setSystemTime(Date.now() + 999);
  const now = performance.now();
  const clock = vi.spyOn(performance, 'now');
  file.append(text('b'));
  expect(written()).toBe('');
  clock.mockReturnValue(now + 1000);
  file.append(text('c'));
  expect(written()).toBe('abc');
  file.append(text('d'));
  file.flush();
  expect(written()).toBe('abcd');
  clock.mockRestore();
});

test('what cannot be written is thrown by the next call, and by those after it', () => {
  const file = new AppendedFile(path);
  file.append(text('a'));
  rmSync(folder, { recursive: true });
  vi.advanceTimersByTime(1000);
  expect(() => file.append(text('b'))).toThrow('ENOENT');
  expect(() => file.flush()).toThrow('ENOENT');
  expect(() => new AppendedFile(path)).toThrow('ENOENT');
});

// It brings its own process, so once is enough.
test.skipIf(inject('engine') !== 'wasm').each([
  ['leaves at once', 'process.exit(3)', 3],
  ['has an error that nobody catches', 'throw new Error()', 1],
])('nothing is lost when the process %s', async (_, end, status) => {
  vi.useRealTimers();
  const script = join(folder, 'script.mjs');
  await bundle({
    stdin: {
      contents: `
        import { AppendedFile } from './src/appended-file.js';
        const files = ['a', 'b'].map((name) => new AppendedFile(${JSON.stringify(folder)} + '/' + name));
        for (const file of files) file.append(() => Buffer.from('last'));
        ${end};`,
      resolveDir: join(import.meta.dirname, '..'),
    },
    outfile: script,
  });
  expect(spawnSync(process.execPath, [script]).status).toBe(status);
  for (const name of ['a', 'b']) expect(readFileSync(join(folder, name), 'utf8')).toBe('last');
});
