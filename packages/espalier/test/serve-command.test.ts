import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { save } from '@espalier/trainer/node';
import { expect, inject, onTestFinished, test, vi } from 'vitest';
import points from './points.js';
import { runMain } from './run-main.js';

test('one Ctrl-C that arrives twice, as through npx, lets it answer what has come', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'espalier-serve-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  const weights = join(folder, 'model.safetensors');
  const model = points.compose(points.heads, { sharing: points.sharing, seed: 3 });
  await save(model, weights);
  model.dispose();
  const experiment = fileURLToPath(new URL('points.config.mjs', import.meta.url));
  const before = process.listenerCount('SIGINT');
  const ended = runMain(
    ...['serve', weights, '--experiment', experiment],
    ...['--engine', inject('engine'), '--port', '0'],
  );
  await expect
    .poll(() => vi.mocked(console.log).mock.calls.flat(), { timeout: 30_000 })
    .toEqual([expect.stringMatching(/^Serving /)]);
  process.emit('SIGINT');
  // Without a listener, the second one would end the process.
  expect(process.listenerCount('SIGINT')).toBe(before + 1);
  process.emit('SIGINT');
  const { code, err } = await ended;
  expect(code).toBe(0);
  expect(err).toContain('Answering what has come, then ending.');
  expect(process.listenerCount('SIGINT')).toBe(before);
});
