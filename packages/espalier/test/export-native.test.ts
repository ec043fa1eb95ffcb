import { execFileSync } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import * as engine from '@espalier/engine';
import { save } from '@espalier/trainer/node';
import type * as tf from '@tensorflow/tfjs-core';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { pythonWithTensorFlow } from '../../../vitest.python.js';
import pictures from './pictures.js';
import { rawScores, twoPictures } from './raw-scores.js';
import { runMain } from './run-main.js';

const missing = await engine.use('native').then(
  () => undefined,
  (error: Error) => error.message,
);
if (missing !== undefined) console.warn(`The SavedModel is not tested: ${missing}`);

const python = pythonWithTensorFlow('The SavedModel');

const inPython = `
import json, sys
import tensorflow as tf
model = tf.saved_model.load(sys.argv[1]).signatures['serving_default']
outputs = model(inputs=tf.constant(json.load(open(sys.argv[2])), tf.float32))
json.dump({name: value.numpy().ravel().tolist() for name, value in outputs.items()}, open(sys.argv[2], 'w'))
`;

interface TfjsNode {
  readonly node: {
    loadSavedModel(
      folder: string,
      tags: string[],
      signature: string,
    ): Promise<{ predict(inputs: tf.NamedTensorMap): tf.NamedTensorMap; dispose(): void }>;
  };
}

describe.skipIf(missing !== undefined)('a SavedModel', () => {
  const compose = () => pictures.compose(pictures.heads, { sharing: pictures.sharing, seed: 3 });
  let folder: string;
  let out: string;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'espalier-export-'));
    out = join(folder, 'served', '1');
    const model = compose();
    await save(model, join(folder, 'model.safetensors'));
    model.dispose();
    const experiment = fileURLToPath(new URL('pictures.config.mjs', import.meta.url));
    const { code } = await runMain(
      ...['export', join(folder, 'model.safetensors'), '--experiment', experiment],
      ...['--format', 'saved-model', '--out', out, '--batch-size', '2'],
    );
    expect(code).toBe(0);
  });
  afterEach(() => rm(folder, { recursive: true }));

  test('gives the same scores here', async () => {
    const { node }: TfjsNode = createRequire(new URL('../../engine/package.json', import.meta.url))(
      '@tensorflow/tfjs-node-gpu',
    );
    const model = await node.loadSavedModel(out, ['serve'], 'serving_default');
    const found = model.predict({ inputs: twoPictures() });
    const expected = rawScores(compose());
    expect(Object.keys(found).sort()).toEqual(Object.keys(expected).sort());
    for (const [task, scores] of Object.entries(expected)) expectClose(found[task]!.dataSync(), scores);
    model.dispose();
  });

  test.skipIf(python === undefined)('gives the same scores in Python', async () => {
    const file = join(folder, 'values.json');
    await writeFile(file, JSON.stringify(twoPictures().arraySync()));
    execFileSync(python!, ['-c', inPython, out, file], { stdio: 'pipe' });
    const found: Record<string, number[]> = JSON.parse(await readFile(file, 'utf8'));
    const expected = rawScores(compose());
    expect(Object.keys(found).sort()).toEqual(Object.keys(expected).sort());
    for (const [task, scores] of Object.entries(expected)) expectClose(found[task], scores);
  });
});

function expectClose(found: ArrayLike<number>, expected: ArrayLike<number>): void {
  expect(found.length).toBe(expected.length);
  const furthest = Math.max(...Array.from(expected, (value, index) => Math.abs(value - found[index])));
  expect(furthest).toBeLessThan(1e-5);
}
