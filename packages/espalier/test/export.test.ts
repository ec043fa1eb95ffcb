import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { load, save } from '@espalier/trainer/node';
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { build } from 'esbuild';
import { afterEach, beforeEach, expect, inject, test } from 'vitest';
import { inBrowser, withoutBrowser } from '../../../vitest.browser.js';
import { staticHost } from '../../../vitest.static-host.js';
import pictures, { pixels } from './pictures.js';
import type { Predict } from './predict-in-browser.js';
import { rawScores, twoPictures } from './raw-scores.js';
import { runMain } from './run-main.js';

const experiment = fileURLToPath(new URL('pictures.config.mjs', import.meta.url));
const compose = (seed: number) => pictures.compose(pictures.heads, { sharing: pictures.sharing, seed });
let folder: string;
let weights: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'espalier-export-'));
  weights = join(folder, 'model.safetensors');
  const model = compose(3);
  await save(model, weights);
  model.dispose();
});
afterEach(() => rm(folder, { recursive: true }));

const run = (format: string, out: string, ...args: string[]) =>
  runMain('export', weights, '--experiment', experiment, '--format', format, '--out', out, ...args);

test('tfjs: what a browser loads gives the same scores', async () => {
  const out = join(folder, 'browser');
  const { code, out: said } = await run('tfjs', out, '--engine', inject('engine'));
  expect([code, said]).toEqual([0, `${out}\n`]);
  // As a page does: model.json, and the files that it names, from a web server.
  const network = await tfl.loadLayersModel(
    tf.io.browserHTTPRequest('http://a/model.json', {
      fetchFunc: async (url) => {
        const name = new URL(String(url)).pathname.slice(1);
        const type = name.endsWith('.json') ? 'application/json' : 'application/octet-stream';
        const body = new Uint8Array(await readFile(join(out, name)));
        return new Response(body, { headers: { 'content-type': type } });
      },
    }),
  );
  const scores = Object.values(rawScores(compose(3)));
  const outputs = tf.tidy(() => network.predict(twoPictures()) as tf.Tensor[]);
  for (const [index, output] of outputs.entries()) expect(output.dataSync()).toEqual(scores[index]);
  tf.dispose(outputs);
  network.dispose();
});

test.skipIf(withoutBrowser)('tfjs: a page of a static host predicts the same', async () => {
  await run('tfjs', join(folder, 'mood'), '--engine', inject('engine'));
  const source = (path: string) => fileURLToPath(new URL(`../../${path}`, import.meta.url));
  await build({
    entryPoints: [source('espalier/test/predict-in-browser.ts')],
    outfile: join(folder, 'page.js'),
    alias: {
      '@espalier/core': source('core/src/index.ts'),
      '@espalier/engine': source('engine/src/index.ts'),
    },
    bundle: true,
    platform: 'browser',
    format: 'esm',
  });
  await writeFile(
    join(folder, 'index.html'),
    '<!doctype html><meta charset="utf-8"><link rel="icon" href="data:,"><script type="module" src="page.js"></script>',
  );
  const host = await staticHost(folder);
  try {
    const inputs = [...pixels(1), ...pixels(2)];
    const problems = await inBrowser(new URL(host.url), async (page) => {
      const scores = await page.evaluate(
        (inputs) => (globalThis as unknown as { predict: Predict }).predict('mood/model.json', inputs),
        inputs,
      );
      const expected = Object.values(rawScores(compose(3)));
      expect(scores.map((own) => own.length)).toEqual(expected.map((own) => own.length));
      for (const [task, own] of expected.entries()) {
        for (const [index, score] of own.entries()) expect(scores[task][index]).toBeCloseTo(score, 5);
      }
    });
    expect(problems).toEqual([]);
  } finally {
    host.close();
  }
});

test('safetensors: the weights, for the same network', async () => {
  const out = join(folder, 'deep', 'copy.safetensors');
  expect(await run('safetensors', out, '--engine', inject('engine'))).toMatchObject({ code: 0 });
  const model = compose(9);
  await load(model, out);
  expect(await readFile(out)).toEqual(await readFile(weights));
  model.dispose();
});

test('wrong usage and places that cannot be written', async () => {
  expect(await run('onnx', 'x')).toMatchObject({
    code: 2,
    err: expect.stringMatching(/Allowed choices are/),
  });
  expect(await runMain('export', weights, '--format', 'tfjs')).toMatchObject({
    code: 2,
    err: expect.stringMatching(/^required option '--out <path>' not specified/),
  });
  expect(await run('saved-model', 'x', '--engine', 'wasm')).toMatchObject({
    code: 2,
    err: expect.stringMatching(
      /^--engine is wasm; a SavedModel is written by the native one\. Leave it out\.\n$/,
    ),
  });
  for (const format of ['tfjs', 'safetensors']) {
    const { code, err } = await run(format, '/dev/null/x', '--engine', inject('engine'));
    expect(code).toBe(1);
    expect(err.trimEnd().split('\n').at(-1)).toMatch(
      /\/dev\/null.*cannot be written.* Name another place\.$/,
    );
  }
});
