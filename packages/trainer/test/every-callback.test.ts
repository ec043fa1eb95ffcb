import { mkdtempSync, rmSync } from 'node:fs';
import { get } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sum, upGrad } from '@espalier/losses';
import { adamW, constant, earlyStopping, fit, judgedTasks, watchAll } from '@espalier/trainer';
import { consoleProgress, dashboard, runFolder, tensorBoard } from '@espalier/trainer/node';
import * as tf from '@tensorflow/tfjs-core';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { compose, points, type SideHeads } from './small-task.js';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'espalier-every-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

test('with everything that can watch, keep and judge, no step leaves a tensor', async () => {
  const before = tf.memory().numTensors;
  const page = await dashboard({ title: 'every callback' });
  const events = new URL(page.url);
  events.pathname = '/events';
  let sent = '';
  const listening = get(events, (response) => response.on('data', (chunk) => (sent += chunk)));
  listening.on('error', () => undefined);

  const model = compose(1, 0.1);
  const judged = judgedTasks(model);
  const watcher = watchAll<SideHeads>(
    consoleProgress('every callback'),
    tensorBoard(join(folder, 'events')),
    page.watch<SideHeads>('every callback'),
  );
  watcher.begin?.(model.tasks.map(({ name }) => name));
  const tensors: number[] = [];
  const evaluations: number[] = [];
  await fit(model, {
    data: points(160, 1, (index) => index % 3 > 0),
    epochs: 8,
    batchSize: 16,
    accumulate: 2,
    weighting: sum(),
    aggregator: upGrad(),
    optimizer: adamW(),
    schedule: constant(1e-3),
    averageWeights: 0.99,
    seed: 1,
    validation: {
      data: points(32, 2),
      judge: earlyStopping<SideHeads>(judged, { by: 'all', patience: 8 }),
    },
    run: runFolder(join(folder, 'run'), { everySteps: 3 }),
    onStep(record) {
      watcher.step(record);
      tensors.push(tf.memory().numTensors);
    },
    onEpoch({ step, evaluation }) {
      watcher.metrics?.(step, evaluation!);
      watcher.examples?.('<p>examples</p>');
      evaluations.push(tf.memory().numTensors);
    },
  });
  watcher.end();
  listening.destroy();
  await page.close();
  model.dispose();

  expect(tensors).toHaveLength(40);
  expect(new Set(tensors).size, `tensors after each step: ${tensors}`).toBe(1);
  expect(new Set(evaluations).size, `tensors after each epoch: ${evaluations}`).toBe(1);
  expect(sent).toContain('examples');
  expect(tf.memory().numTensors).toBe(before);
});
