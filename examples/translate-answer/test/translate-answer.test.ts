import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { inBrowser, withoutBrowser } from '../../../vitest.browser.js';
import { runExample } from '../../../vitest.example.js';

const folder = mkdtempSync(join(tmpdir(), 'espalier-translate-'));
afterAll(() => rmSync(folder, { recursive: true }));

const run = (...args: string[]) =>
  runExample(folder, ['translate-answer', ...args], { ESPALIER_DATA: folder });

describe('pnpm example translate-answer --quick', () => {
  let result: ReturnType<typeof run>;
  beforeAll(() => {
    result = run('--quick', '--engine', 'wasm', '--json', 'out.json');
  }, 300_000);

  const report = () => join(folder, 'runs', readdirSync(join(folder, 'runs'))[0], 'report.html');

  test('trains one network for both tasks and one for each, and writes its figures', () => {
    expect(result.stdout).toContain(`Report: ${report()}`);
    expect(result.stdout).toMatch(/By SQuAD's rules: exact match 0\.\d+/);
    expect(result.status).toBe(0);
    const { tasks } = JSON.parse(readFileSync(join(folder, 'out.json'), 'utf8'));
    expect([tasks.translation.metric, tasks.answer.metric]).toEqual(['BLEU', 'exact match']);
  });

  test.skipIf(withoutBrowser)('shows translations, attention and answers in a browser', async () => {
    const problems = await inBrowser(report(), async (page) => {
      expect(await page.locator('.pair').count()).toBe(32);
      expect(await page.locator('.question').count()).toBe(16);
      expect(await page.locator('.attention').count()).toBe(16);
      const source = await page.locator('.pair').first().locator('p').first().textContent();
      const cells = await page.locator('.attention').first().locator('tr').first().locator('th').count();
      expect(source?.split(/\s+|(?=[.,])/)).toHaveLength(cells - 1);
    });
    expect(problems).toEqual([]);
  });
});

test('without XQuAD it says what to get and from where', () => {
  const { status, stderr } = run('--quick', '--engine', 'wasm', '--set', 'xquad');
  expect(status).toBe(1);
  expect(stderr).toMatch(/DatasetError: .*en\.json cannot be read\. It is xquad\.en\.json of github\.com/);
}, 120_000);
