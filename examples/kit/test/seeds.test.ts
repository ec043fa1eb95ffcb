import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TrainedRun } from '@espalier/trainer';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { inBrowser, withoutBrowser } from '../../../vitest.browser.js';
import { type ExampleApp, type Figures, runExample } from '../src/index.js';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'espalier-seeds-'));
  vi.spyOn(console, 'log').mockReturnValue();
  vi.spyOn(console, 'table').mockReturnValue();
  vi.spyOn(console, 'error').mockReturnValue();
});
afterEach(() => {
  process.exitCode = undefined;
  vi.restoreAllMocks();
  rmSync(folder, { recursive: true });
});

const single: Record<number, number> = { 1: 0.5, 2: 0.7, 3: 0.6 };
const multi: Record<number, number> = { 1: 0.6, 2: 0.9, 3: 0.6 };

function trained(name: string, value: number): TrainedRun {
  return {
    name,
    tasks: ['a'],
    parameters: 10,
    seconds: 1,
    steps: [],
    evaluation: { a: { accuracy: value } },
  };
}

function figures(seed: number): Figures {
  const [alone, together] = [single[seed], multi[seed]];
  return {
    tasks: [
      { task: 'a', metric: 'accuracy', better: 'higher', single: alone, multi: together, delta: undefined },
    ],
    deltas: { mainMetrics: 1, allMetrics: 1, taskMeans: 1 },
    runs: [trained('multi-task', together), trained('a', alone)],
  };
}

/** An example that trains nothing, and fails at one seed the first time. */
function example(failsOnce?: number): { readonly app: ExampleApp; readonly run: ReturnType<typeof vi.fn> } {
  let failed = false;
  const run = vi.fn(async ({ seed, folder: own }: { seed: number; folder: string }) => {
    expect(own).toBe(join(folder, `seed-${seed}`));
    if (seed === failsOnce && !failed) {
      failed = true;
      throw new Error('the disk is full');
    }
    return figures(seed);
  });
  return { app: { name: 'made-up', epochs: { default: 1, quick: 1 }, run }, run };
}

const json = () => join(folder, 'all.json');
const args = () => ['--engine', 'cpu', '--seed', '1,2,3', '--json', json()];
const summary = () => JSON.parse(readFileSync(json(), 'utf8'));

test('several seeds are a run each, and give mean, spread and a paired test', async () => {
  const { app } = example();
  await runExample(app, [...args(), '--out', folder]);
  expect(process.exitCode).toBeUndefined();
  const { seeds, tasks, runs } = summary();
  expect(seeds).toEqual([1, 2, 3]);
  expect(tasks).toMatchObject([{ task: 'a', metric: 'accuracy' }]);
  expect(tasks[0].single.mean).toBeCloseTo(0.6, 12);
  expect(tasks[0].single.deviation).toBeCloseTo(0.1, 12);
  expect(tasks[0].multi.mean).toBeCloseTo(0.7, 12);
  // SciPy 1.14: ttest_rel([0.6, 0.9, 0.6], [0.5, 0.7, 0.6])
  expect(tasks[0].p).toBeCloseTo(0.22540333, 6);
  expect(runs[0]).toMatchObject({ name: 'multi-task', parameters: 10 });
  expect(runs[0].metrics).toMatchObject([{ task: 'a', metric: 'accuracy', values: [0.6, 0.9, 0.6] }]);
});

test('a run that broke off goes on with the seeds that have not come to their end', async () => {
  const { app, run } = example(2);
  await runExample(app, [...args(), '--out', folder]);
  expect(process.exitCode).toBe(1);
  expect(console.error).toHaveBeenCalledWith('Error: the disk is full');
  process.exitCode = undefined;
  await runExample(app, ['--resume', folder, '--json', json()]);
  expect(process.exitCode).toBeUndefined();
  expect(run.mock.calls.map(([{ seed }]) => seed)).toEqual([1, 2, 2, 3]);
  expect(summary().tasks[0].multi.mean).toBeCloseTo(0.7, 12);
});

test.skipIf(withoutBrowser)('the report shows them, and links to those of the seeds', async () => {
  await runExample(example().app, [...args(), '--out', folder]);
  const problems = await inBrowser(join(folder, 'report.html'), async (page) => {
    expect(await page.locator('#results tbody td').allTextContents()).toEqual([
      'accuracy',
      '0.6000 ± 0.1000',
      '0.7000 ± 0.1732',
      '0.225',
    ]);
    expect(await page.locator('#metrics tbody tr').count()).toBe(2);
    expect(await page.locator('a[href="seed-2/report.html"]').count()).toBe(1);
  });
  expect(problems).toEqual([]);
});
