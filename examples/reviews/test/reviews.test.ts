import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { inBrowser, withoutBrowser } from '../../../vitest.browser.js';
import { runExample } from '../../../vitest.example.js';

const folder = mkdtempSync(join(tmpdir(), 'espalier-reviews-'));
afterAll(() => rmSync(folder, { recursive: true }));

const run = (...args: string[]) => runExample(folder, ['reviews', ...args], { ESPALIER_DATA: folder });

/** Texts such as "a good film" of which a quarter each comes from every source; every third is for testing. */
function writeTexts() {
  const words = { tweets: '@you', nyt: 'policy', movies: 'film', amazon: 'battery' };
  const feelings = [
    ['good', 2.5],
    ['usual', 0],
    ['<awful>', -3],
  ] as const;
  mkdirSync(join(folder, 'vader-texts'));
  const write = (name: string, text: string) => writeFileSync(join(folder, 'vader-texts', name), text);
  const rows = Array.from({ length: 700 }, (_, index) => index);
  for (const [source, word] of Object.entries(words)) {
    const lines = rows.map((row) => {
      // By no period that reading every so manieth row could be in step with.
      const [feeling, rating] = feelings[Math.floor(row / 7) % 3];
      return `${row}\t${rating}\ta ${feeling} ${word}`;
    });
    write(`${source}.tsv`, `${lines.join('\r\n')}\r\n`);
  }
  const test = rows.filter((row) => row % 5 === 0).map(String);
  const all = (value: unknown) => Object.fromEntries(Object.keys(words).map((source) => [source, value]));
  write('split.json', JSON.stringify({ unit: all('row id'), test: all(test) }));
}

describe('pnpm example reviews --quick, on made texts', () => {
  let result: ReturnType<typeof run>;
  beforeAll(() => {
    writeTexts();
    result = run('--quick', '--engine', 'wasm', '--epochs', '30', '--json', 'out.json');
  }, 300_000);

  const report = () => join(folder, 'runs', readdirSync(join(folder, 'runs'))[0], 'report.html');

  test('learns both tasks, and writes its figures', () => {
    expect(result.stdout).toContain(`Report: ${report()}`);
    expect(result.status).toBe(0);
    const { tasks } = JSON.parse(readFileSync(join(folder, 'out.json'), 'utf8'));
    expect(Object.keys(tasks)).toEqual(['source', 'sentiment']);
    expect(Math.min(tasks.source.multi, tasks.source.single)).toBeGreaterThan(0.9);
    expect(Math.min(tasks.sentiment.multi, tasks.sentiment.single)).toBeGreaterThan(0.9);
  });

  test.skipIf(withoutBrowser)(
    'shows metrics by source and texts in a browser, without an error',
    async () => {
      const problems = await inBrowser(report(), async (page) => {
        expect(await page.locator('#sources tbody tr').count()).toBe(4);
        expect(await page.locator('.text').count()).toBeGreaterThanOrEqual(30);
        expect(await page.locator('.text', { hasText: '<awful>' }).count()).toBeGreaterThan(0);
      });
      expect(problems).toEqual([]);
    },
  );
});

test('without the data it says what to get and from where', () => {
  rmSync(join(folder, 'vader-texts'), { recursive: true, force: true });
  const { status, stderr } = run('--quick', '--engine', 'wasm');
  expect(status).toBe(1);
  expect(stderr).toMatch(/DatasetError: .*split\.json cannot be read\..*vaderSentiment/);
}, 120_000);
