import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { inBrowser, withoutBrowser } from '../../../vitest.browser.js';
import { distance } from './both-backends.js';
import type { Train } from './train-in-browser.js';

/** A GPU of software, which comes with Chromium. */
const withGpu = ['--enable-unsafe-webgpu', '--use-webgpu-adapter=swiftshader', '--enable-features=Vulkan'];

describe.skipIf(withoutBrowser)('in a browser', () => {
  const folder = mkdtempSync(join(tmpdir(), 'espalier-browser-'));
  const page = join(folder, 'index.html');

  beforeAll(async () => {
    await build({
      entryPoints: [fileURLToPath(new URL('./train-in-browser.ts', import.meta.url))],
      outfile: join(folder, 'train.js'),
      bundle: true,
      platform: 'browser',
    });
    writeFileSync(page, '<!doctype html><meta charset="utf-8"><script src="train.js"></script>');
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  async function trained(settings: readonly string[], ...engines: Parameters<Train>[0][]) {
    const results: Awaited<ReturnType<Train>>[] = [];
    await inBrowser(
      page,
      async (page) => {
        for (const name of engines) {
          results.push(
            await page.evaluate((name) => (globalThis as unknown as { train: Train }).train(name), name),
          );
        }
      },
      settings,
    );
    return results;
  }

  test('auto takes WebGPU where there is a GPU, and trains as plain JavaScript does', async () => {
    const [gpu, plain] = await trained(withGpu, 'auto', 'cpu');
    expect(gpu!.report.engine).toBe('webgpu');
    expect(gpu!.backend).toBe('webgpu');
    expect(gpu!.report.passedOver.map(({ engine }) => engine)).toEqual(['native']);
    expect(plain!.backend).toBe('cpu');
    expect(plain!.losses.at(-1)).toBeLessThan(plain!.losses[0]! / 2);
    expect(distance(gpu!.losses, plain!.losses)).toBeLessThan(1e-5);
  }, 60_000);

  test('auto passes WebGPU over where there is none, and says so', async () => {
    const [{ report } = { report: undefined }] = await trained([], 'auto');
    expect(report!.engine).not.toBe('webgpu');
    expect(report!.passedOver).toContainEqual({
      engine: 'webgpu',
      reason: 'the browser has WebGPU, but no GPU for it',
      remedy: expect.stringContaining('hardware acceleration'),
    });
  }, 60_000);
});
