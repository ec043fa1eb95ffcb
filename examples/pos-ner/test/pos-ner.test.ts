import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { inBrowser, withoutBrowser } from '../../../vitest.browser.js';
import { runExample } from '../../../vitest.example.js';

const folder = mkdtempSync(join(tmpdir(), 'espalier-pos-ner-'));
afterAll(() => rmSync(folder, { recursive: true }));

const run = (...args: string[]) => runExample(folder, ['pos-ner', ...args], { ESPALIER_DATA: folder });

/** Sentences such as "Ada met Bo ." in a language that is easy to learn. */
function writeSentences(split: string, count: number, first: number) {
  const words: [string, string, string][][] = [
    [
      ['Ada', 'PROPN', 'B-PER'],
      ['met', 'VERB', 'O'],
      ['Bo', 'PROPN', 'B-PER'],
      ['.', 'PUNCT', 'O'],
    ],
    [
      ['<b>', 'SYM', 'O'],
      ['in', 'ADP', 'O'],
      ['New', 'PROPN', 'B-LOC'],
      ['York', 'PROPN', 'I-LOC'],
    ],
    [
      ['Go', 'VERB', 'O'],
      ['!', 'PUNCT', 'O'],
    ],
  ];
  const sentences = Array.from({ length: count }, (_, index) => [
    `# sent_id = s${first + index}`,
    ...words[index % words.length].map(
      ([form, pos, ner], word) => `${word + 1}\t${form}\t_\t${pos}\t_\t_\t0\troot\t_\tNER=${ner}`,
    ),
    '',
  ]);
  writeFileSync(join(folder, 'ewt-pos-ner', `${split}.conllu`), `${sentences.flat().join('\n')}\n`);
}

describe('pnpm example pos-ner --quick, on a few made sentences', () => {
  let result: ReturnType<typeof run>;
  beforeAll(() => {
    mkdirSync(join(folder, 'ewt-pos-ner'));
    writeSentences('train', 96, 0);
    writeSentences('test', 30, 1000);
    result = run('--quick', '--engine', 'wasm', '--epochs', '16', '--json', 'out.json');
  }, 300_000);

  const report = () => join(folder, 'runs', readdirSync(join(folder, 'runs'))[0], 'report.html');

  test('learns both tasks, and writes its figures', () => {
    expect(result.stderr).toContain('multi-task: epoch 16 of 16');
    expect(result.stdout).toContain(`Report: ${report()}`);
    expect(result.status).toBe(0);
    const { tasks } = JSON.parse(readFileSync(join(folder, 'out.json'), 'utf8'));
    expect(Object.keys(tasks)).toEqual(['pos', 'ner']);
    expect([tasks.pos.metric, tasks.ner.metric]).toEqual(['accuracy', 'F1']);
    expect(Math.min(tasks.pos.multi, tasks.pos.single)).toBeGreaterThan(0.9);
    expect(Math.min(tasks.ner.multi, tasks.ner.single)).toBeGreaterThan(0.9);
  });

  test.skipIf(withoutBrowser)('shows tagged sentences in a browser, without an error', async () => {
    const problems = await inBrowser(report(), async (page) => {
      expect(await page.locator('.sentence').count()).toBe(30);
      expect(await page.locator('.sentence .right').count()).toBeGreaterThan(20);
      expect(await page.locator('.sentence span', { hasText: '<b>' }).count()).toBeGreaterThan(0);
    });
    expect(problems).toEqual([]);
  });
});

test('without the data it says what to get and from where', () => {
  rmSync(join(folder, 'ewt-pos-ner'), { recursive: true, force: true });
  const { status, stderr } = run('--quick', '--engine', 'wasm');
  expect(status).toBe(1);
  expect(stderr).toMatch(/DatasetError: .*train\.conllu cannot be read\. It is .*UD_English-EWT/);
}, 120_000);
