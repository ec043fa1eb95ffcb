import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Heads, type MultiTaskModel, multiTaskModel } from '@espalier/core';
import { sum } from '@espalier/losses';
import { hardSharing } from '@espalier/sharing';
import { adamW, compareWithSingleTasks, constant, matchWidth } from '@espalier/trainer';
import { writeReport } from '@espalier/trainer/node';
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { inBrowser, withoutBrowser } from '../../../vitest.browser.js';
import { heads, points } from './small-task.js';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'espalier-report-'));
});
afterAll(() => rm(folder, { recursive: true }));

const compose = <Own extends Heads>(own: Own): MultiTaskModel<Own> =>
  multiTaskModel({
    inputShape: [2],
    trunk: () => [tfl.layers.dense({ units: 16, activation: 'tanh' })],
    sharing: hardSharing(),
    heads: own,
    seed: 1,
  });

const options = () => ({
  heads,
  compose,
  train: points(64, 1),
  test: points(40, 2),
  epochs: 10,
  batchSize: 16,
  schedule: constant(0.02),
  optimizer: adamW(),
  weighting: sum(),
  seed: 1,
});
const compare = () => compareWithSingleTasks(options());

test('every network has the same budget, and the gains are in the direction of the metric', async () => {
  const before = tf.memory().numTensors;
  const { tasks, runs, deltas, model } = await compare();
  model.dispose();
  expect(tf.memory().numTensors).toBe(before);

  expect(runs.map(({ name }) => name)).toEqual(['multi-task', 'side', 'distance']);
  expect(runs.map(({ steps }) => steps.length)).toEqual([40, 40, 40]);
  expect(runs[1].parameters).toBeLessThan(runs[0].parameters);
  const [side, distance] = tasks;
  expect(side.delta).toBeCloseTo((100 * (side.multi - side.single)) / side.single, 9);
  expect(distance.delta).toBeCloseTo((100 * (distance.single - distance.multi)) / distance.single, 9);
  expect(deltas.mainMetrics).toBeCloseTo((side.delta! + distance.delta!) / 2, 9);
  expect(side.multi).toBeGreaterThan(0.8);
});

test('beside networks that have as many weights together, where their width can be chosen', async () => {
  const ofWidth = <Own extends Heads>(own: Own, width: number): MultiTaskModel<Own> =>
    multiTaskModel({
      inputShape: [2],
      trunk: () => [tfl.layers.dense({ units: Math.max(1, Math.round(16 * width)), activation: 'tanh' })],
      sharing: hardSharing(),
      heads: own,
      seed: 1,
    });
  const before = tf.memory().numTensors;
  const { ofEqualSize, runs, model } = await compareWithSingleTasks({
    ...options(),
    composeOfWidth: ofWidth,
  });
  model.dispose();
  expect(tf.memory().numTensors).toBe(before);

  expect(runs.map(({ name }) => name)).toEqual([
    'multi-task',
    'side',
    'distance',
    'side-of-equal-size',
    'distance-of-equal-size',
  ]);
  const [multi, , , ...equal] = runs;
  // A unit more in each of the two would be 5 + 4 weights more.
  const parameters = equal.reduce((sum, run) => sum + run.parameters, 0);
  expect(ofEqualSize!.parameters).toBe(parameters);
  expect(parameters).toBeLessThanOrEqual(multi.parameters);
  expect(parameters).toBeGreaterThan(multi.parameters - 9);
  expect(new Set(runs.map(({ steps }) => steps.length))).toEqual(new Set([40]));
  const [side] = ofEqualSize!.tasks;
  expect(side.single).toBe(equal[0].evaluation.side.accuracy);
  expect(() => matchWidth(heads, ofWidth, 5)).toThrow(/they cannot be made equal/);
});

test.skipIf(withoutBrowser)('the report draws its curves in a browser, without an error', async () => {
  const comparison = await compare();
  comparison.model.dispose();
  const file = join(folder, 'deep/er/report.html');
  const report = { title: 'A <b> & "c"', summary: 'What was done.', comparison };
  await writeReport(file, { ...report, sections: [{ title: 'More', html: '<p id="own">own</p>' }] });
  expect(await readFile(file, 'utf8')).toContain('<title>A &lt;b&gt; &amp; &quot;c&quot;</title>');

  const problems = await inBrowser(file, async (page) => {
    expect(await page.locator('.curve canvas').count()).toBe(2);
    expect(await page.locator('#results tbody tr').count()).toBe(2);
    expect(await page.locator('#runs tbody tr').count()).toBe(3);
    for (const [index, { steps, seconds }] of comparison.runs.entries()) {
      const inside = steps.reduce((sum, step) => sum + step.seconds!, 0);
      expect(inside).toBeGreaterThan(0);
      expect(inside).toBeLessThanOrEqual(seconds);
      const cell = page.locator('#runs tbody tr').nth(index).locator('td').nth(3);
      expect(await cell.textContent()).toBe(`${((100 * inside) / seconds).toFixed(1)} %`);
    }
    expect(await page.locator('#own').textContent()).toBe('own');
  });
  expect(problems).toEqual([]);
});
