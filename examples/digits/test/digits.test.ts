import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { inBrowser, withoutBrowser } from '../../../vitest.browser.js';
import { runExample } from '../../../vitest.example.js';

const folder = mkdtempSync(join(tmpdir(), 'espalier-digits-'));
afterAll(() => rmSync(folder, { recursive: true }));

const run = (...args: string[]) => runExample(folder, ['digits', ...args]);

describe('pnpm example digits --quick', () => {
  let result: ReturnType<typeof run>;
  beforeAll(() => {
    result = run('--quick', '--engine', 'wasm', '--seed', '3', '--json', 'out.json');
  }, 300_000);

  const report = () => join(folder, 'runs', readdirSync(join(folder, 'runs'))[0], 'report.html');

  test('ends well, and says where the report is', () => {
    expect(result.stderr).toContain('multi-task: epoch 1 of 1');
    expect(result.status).toBe(0);
    expect(result.stdout).toContain(`Report: ${report()}`);
  });

  test('writes its figures', () => {
    const figures = JSON.parse(readFileSync(join(folder, 'out.json'), 'utf8'));
    expect(figures).toMatchObject({ engine: 'wasm', seed: 3 });
    expect(Object.keys(figures.tasks)).toEqual(['largest', 'digits']);
    expect(figures.tasks.digits.metric).toBe('AP50');
    for (const { single, multi } of [figures.tasks.largest, figures.tasks.digits]) {
      expect(Math.min(single, multi)).toBeGreaterThanOrEqual(0);
      expect(Math.max(single, multi)).toBeLessThanOrEqual(1);
    }
    const { largest, digits } = figures.tasks;
    const deltas = [largest, digits].map(({ single, multi }) => (100 * (multi - single)) / single);
    expect(figures.deltaM).toBeCloseTo((deltas[0] + deltas[1]) / 2, 6);
  });

  test.skipIf(withoutBrowser)('shows table, curves and scenes in a browser, without an error', async () => {
    const problems = await inBrowser(report(), async (page) => {
      expect(await page.locator('#results tbody tr').count()).toBe(2);
      expect(await page.locator('.curve canvas').count()).toBe(2);
      expect(await page.locator('.scene').count()).toBe(24);
      expect(await page.locator('.scene rect.true').count()).toBeGreaterThan(24);
      const sizes = await page
        .locator('.scene image')
        .evaluateAll((images) => images.map((image) => image.getBoundingClientRect().width));
      expect(Math.min(...sizes)).toBeGreaterThan(100);
    });
    expect(problems).toEqual([]);
  });
});

test('a wrong option is refused with exit code 2 and the usage, before anything is trained', () => {
  const { status, stderr } = run('--epochs', 'many');
  expect(status).toBe(2);
  expect(stderr).toMatch(/UsageError: --epochs is "many"; expected a whole number from 1/);
  expect(stderr).toContain('--json FILE');
}, 120_000);
