import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Weighting, weightings } from '@espalier/losses';
import { crossStitch, hardSharing } from '@espalier/sharing';
import { NonFiniteLossError } from '@espalier/trainer';
import { compareGrid, type GridOptions } from '@espalier/trainer/node';
import * as tf from '@tensorflow/tfjs-core';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { inBrowser, withoutBrowser } from '../../../vitest.browser.js';
import { composeWith, smallGrid } from './small-grid.js';
import { points, type SideHeads } from './small-task.js';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'espalier-grid-'));
});
afterEach(() => rm(folder, { recursive: true }));

const grid = (more: Partial<GridOptions<SideHeads>> = {}): GridOptions<SideHeads> => ({
  ...smallGrid,
  folder,
  compose: composeWith(8),
  seeds: [1, 2],
  validation: points(40, 2),
  test: points(40, 3),
  ...more,
});

test('single tasks, fixed weights and methods are trained once each, and put in order', async () => {
  const before = tf.memory().numTensors;
  const summary = await compareGrid(grid());
  expect(tf.memory().numTensors).toBe(before);

  // Two seeds of two single tasks, five fixed weights and two methods.
  const files = await readdir(join(folder, 'runs'));
  expect(files).toHaveLength(2 * (2 + 5 + 2));
  expect(files).toContain('method__hard__uncertainty__upGrad__1.json');
  expect(summary.rows.map(({ weighting, aggregator }) => `${weighting} ${aggregator}`).sort()).toEqual([
    'distance-x3 none',
    'distance-x9 none',
    'equal none',
    'side-x3 none',
    'side-x9 none',
    'uncertainty none',
    'uncertainty upGrad',
  ]);
  const order = summary.rows.map(({ validationDelta }) => validationDelta!.mean);
  expect(order).toEqual([...order].sort((a, b) => b - a));
  expect(summary.rows.some(({ pareto }) => pareto)).toBe(true);
  expect(summary.rows.every(({ seeds }) => seeds.length === 2)).toBe(true);

  const upGrad = summary.rows.find(({ aggregator }) => aggregator === 'upGrad')!;
  const runs = await Promise.all(
    ['method__hard__uncertainty__upGrad__', 'single__side__', 'single__distance__'].map((name) =>
      Promise.all(
        [1, 2].map(async (seed) =>
          JSON.parse(await readFile(join(folder, `runs/${name}${seed}.json`), 'utf8')),
        ),
      ),
    ),
  );
  const [multi, side, distance] = runs;
  const gains = [0, 1].map((seed) => {
    const [a, b] = [multi[seed].test.side.accuracy, side[seed].test.side.accuracy];
    const [c, d] = [multi[seed].test.distance.error, distance[seed].test.distance.error];
    return (100 * ((a - b) / b + (d - c) / d)) / 2;
  });
  expect(upGrad.testDelta.mainMetrics!.mean).toBeCloseTo((gains[0] + gains[1]) / 2, 8);
  expect(upGrad.parameters).toBe(multi[0].parameters);

  const table = await readFile(join(folder, 'table.md'), 'utf8');
  expect(table).toMatch(/\| \d \| hard \| uncertainty \| upGrad \| [\d,]+ \| 0\.\d{4} ± 0\.\d{4} \|/);
  expect(table).toMatch(/\| hard \| fixed: side-x9 \| none/);
});

test('what is there is not trained again; what was interrupted is', async () => {
  const first = await compareGrid(grid());
  const lost = join(folder, 'runs/fixed__hard__equal__2.json');
  await rm(lost);
  const trained: string[] = [];
  const fresh: string[] = [];
  const second = await compareGrid(
    grid({
      watch: (run) => {
        trained.push(run);
        return { step() {}, end() {} };
      },
      onJob: (done) => done.new && fresh.push(done.job.id),
    }),
  );
  expect(trained).toEqual(['fixed__hard__equal__2']);
  expect(fresh).toEqual(trained);
  expect(second).toEqual(first);

  await writeFile(lost, '{"job":');
  await expect(compareGrid(grid())).rejects.toThrow(/equal__2\.json: holds no whole JSON/);
});

test('results of another grid, examples in two places and odd names are refused before the first step', async () => {
  const untrained = { watch: () => expect.fail('a network was trained') };
  const id = (from: number) => (index: number) => `${from + index}`;
  await expect(
    compareGrid(
      grid({ ...untrained, train: { ...points(64, 1), id: id(0) }, test: { ...points(40, 3), id: id(60) } }),
    ),
  ).rejects.toThrow(/^4 of the 40 examples to test on are among those to train on, such as "60"/);
  await expect(compareGrid(grid({ ...untrained, weightings: { 'a/b': weightings.sum() } }))).rejects.toThrow(
    /"a\/b"/,
  );
  await expect(compareGrid(grid({ ...untrained, seeds: [1, 1] }))).rejects.toThrow(/seeds are \[1, 1\]/);
  await writeFile(join(folder, 'grid.json'), JSON.stringify({ epochs: 7 }));
  await expect(compareGrid(grid(untrained))).rejects.toThrow(/another grid: .*epochs was 7, and is 2/);
});

test('a training that breaks off is reported, and the others go on', async () => {
  const breaking: Weighting = {
    ...weightings.sum(),
    step() {
      throw new NonFiniteLossError('side', 3, Number.NaN);
    },
  };
  const summary = await compareGrid(
    grid({ weightings: { breaking }, aggregators: { none: undefined }, seeds: [1] }),
  );
  const row = summary.rows.find(({ weighting }) => weighting === 'breaking')!;
  expect(row.failed).toHaveLength(1);
  expect(row.seeds).toEqual([]);
  expect(await readFile(join(folder, 'table.md'), 'utf8')).toMatch(
    /- hard × breaking × none, seed 1: Task "side": its loss is NaN at step 3/,
  );
});

test.skipIf(withoutBrowser)('the Pareto picture is drawn', async () => {
  await compareGrid(
    grid({ sharings: { hard: hardSharing(), crossStitch: crossStitch() }, seeds: [1], epochs: 1 }),
  );
  const problems = await inBrowser(join(folder, 'pareto.svg'), async (page) => {
    expect(await page.locator('circle').count()).toBe(2 * (5 + 2));
    expect(await page.getByText('crossStitch × uncertainty × upGrad').count()).toBe(2);
    if (process.env.ESPALIER_SCREENSHOTS)
      await page.screenshot({ path: join(process.env.ESPALIER_SCREENSHOTS, 'pareto.png') });
  });
  expect(problems).toEqual([]);
});
