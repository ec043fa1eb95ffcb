import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import '@tensorflow/tfjs-layers';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, test } from 'vitest';
import { pythonWithTensorFlow } from '../../../vitest.python.js';
import * as engine from '../src/index.js';
import { distance, random } from './both-backends.js';

interface TfjsNode {
  readonly node: {
    loadSavedModel(
      folder: string,
      tags: string[],
      signature: string,
    ): Promise<{ predict(inputs: tf.NamedTensorMap): tf.NamedTensorMap; dispose(): void }>;
  };
}

const missing = await engine.use('native').then(
  () => undefined,
  (error: Error) => error.message,
);
if (missing !== undefined) console.warn(`Export is not tested: ${missing}`);

const python = pythonWithTensorFlow('Export');

const load = `
import json, sys
import tensorflow as tf
folder, inputs = sys.argv[1], json.load(open(sys.argv[2]))
model = tf.saved_model.load(folder)
assert sorted(model.signatures) == ['predict', 'serving_default'], list(model.signatures)
outputs = model.signatures['serving_default'](**{name: tf.constant(value, tf.float32) for name, value in inputs.items()})
json.dump({name: value.numpy().tolist() for name, value in outputs.items()}, open(sys.argv[2], 'w'))
`;

describe.skipIf(missing !== undefined)('export', () => {
  const make = () => {
    const weight = tf.variable(random<tf.Rank.R2>([3, 2], 1));
    const program = engine.program({
      state: [weight],
      entries: {
        predict: ({ x }: { x: tf.Tensor2D }) => {
          const logits = tf.matMul(x, weight);
          return { logits, probabilities: tf.softmax(logits) };
        },
        train() {
          weight.assign(tf.add(weight, 1));
          return {};
        },
        noisy: ({ x }: { x: tf.Tensor2D }) => ({ y: tf.dropout(x, 0.5) }),
      },
    });
    return {
      program,
      x: random<tf.Rank.R2>([4, 3], 2),
      folder: join(mkdtempSync(join(tmpdir(), 'export-')), 'model'),
    };
  };

  test.skipIf(python === undefined)('gives what Python loads and runs', () => {
    const { program, x, folder } = make();
    program.entries.predict({ x });
    program.entries.train();
    const expected = program.entries.predict({ x });
    engine.export(program, 'predict', folder);
    const file = join(folder, '..', 'values.json');
    writeFileSync(file, JSON.stringify({ x: x.arraySync() }));
    execFileSync(python!, ['-c', load, folder, file], { stdio: 'pipe' });
    const found: Record<string, number[][]> = JSON.parse(readFileSync(file, 'utf8'));
    for (const [name, tensor] of Object.entries(expected)) {
      expect(distance(found[name]!.flat(), tensor.dataSync())).toBeLessThan(1e-5);
    }
    program.dispose();
  });

  test('gives a model that TensorFlow loads here, with the state of now', async () => {
    const { program, x, folder } = make();
    program.entries.predict({ x });
    program.entries.train();
    const expected = program.entries.predict({ x });
    engine.export(program, 'predict', folder);
    program.dispose();
    const { node }: TfjsNode = createRequire(import.meta.url)('@tensorflow/tfjs-node-gpu');
    for (const signature of ['serving_default', 'predict']) {
      const model = await node.loadSavedModel(folder, ['serve'], signature);
      const found = model.predict({ x });
      for (const [name, tensor] of Object.entries(expected)) {
        expect(found[name]!.dataSync()).toEqual(tensor.dataSync());
      }
      model.dispose();
    }
  });

  test('refuses what cannot be served', () => {
    const { program, x, folder } = make();
    expect(() => engine.export(program, 'predict', folder)).toThrow(
      /'predict' was never called.*Call it once/,
    );
    program.entries.train();
    program.entries.noisy({ x });
    expect(() => engine.export(program, 'train', folder)).toThrow(/'train' changes the variable '/);
    expect(() => engine.export(program, 'noisy', folder)).toThrow(/'noisy' draws random numbers/);
    expect(existsSync(folder)).toBe(false);
    program.dispose();
  });
});
