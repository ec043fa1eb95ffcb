import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
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
  mkdirSync(join(folder, 'ewt-pos-ner'), { recursive: true });
  writeFileSync(join(folder, 'ewt-pos-ner', `${split}.conllu`), `${sentences.flat().join('\n')}\n`);
}

describe('pnpm example pos-ner --quick, on a few made sentences', () => {
  let result: ReturnType<typeof run>;
  beforeAll(() => {
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

test('begins with word vectors of a file, also for words that are only tested on', () => {
  writeFileSync(
    join(folder, 'vectors.json'),
    JSON.stringify({ dimensions: 2, vectors: { ada: [1, 0, 9], go: [0, 1, 9], elsewhere: [1, 1, 9] } }),
  );
  writeFileSync(
    join(folder, 'ewt-pos-ner', 'test.conllu'),
    '# sent_id = t1\n1\tElsewhere\t_\tADV\t_\t_\t0\troot\t_\tNER=O\n\n# sent_id = t2\n1\tAda\t_\tPROPN\t_\t_\t0\troot\t_\tNER=B-PER\n\n',
  );
  const options = ['--quick', '--engine', 'wasm', '--epochs', '1', '--out', 'with-vectors'];
  const { status, stderr } = run(...options, '--vectors', 'vectors.json');
  expect([status, stderr]).toEqual([0, expect.stringContaining('multi-task: epoch 1 of 1')]);
  const written = readFileSync(join(folder, 'with-vectors', 'report.html'), 'utf8');
  expect(written).toContain('3 words begin with vectors learned elsewhere');
}, 120_000);

test('the curve over few labels goes on where it stopped, after as many updates, and is drawn', () => {
  writeSentences('train', 40, 0);
  writeSentences('test', 6, 1000);
  const file = join(folder, 'pos-ner-efficiency.jsonl');
  const known = [0.25, 0.5, 1].flatMap((share) =>
    ['multi-task', 'single-task'].map((network) => ({
      share,
      network,
      seed: 1,
      epochs: 1,
      updates: 2,
      f1: 0.5,
    })),
  );
  writeFileSync(file, known.map((row) => `${JSON.stringify(row)}\n`).join(''));
  const script = fileURLToPath(new URL('../dist/efficiency.js', import.meta.url));
  const { status, stderr } = spawnSync(
    process.execPath,
    [script, '--engine', 'auto', '--epochs', '1', '--seeds', '1'],
    {
      cwd: folder,
      encoding: 'utf8',
      env: { ...process.env, NODE_OPTIONS: undefined, ESPALIER_DATA: folder },
    },
  );
  expect([status, stderr]).toEqual([0, expect.not.stringContaining('Error')]);
  const lines = readFileSync(file, 'utf8').trim().split('\n');
  const rows = lines.map((line) => JSON.parse(line));
  const f1 = expect.toSatisfy((value: number) => value >= 0 && value <= 1);
  expect(rows).toEqual([
    ...known,
    { share: 0.1, network: 'multi-task', seed: 1, epochs: 1, updates: 2, f1 },
    { share: 0.1, network: 'single-task', seed: 1, epochs: 1, updates: 2, f1 },
  ]);
  expect(readFileSync(join(folder, 'pos-ner-efficiency.svg'), 'utf8')).toMatch(/^<svg .*single-task/s);
}, 120_000);

test('without the data it says what to get and from where', () => {
  rmSync(join(folder, 'ewt-pos-ner'), { recursive: true, force: true });
  const { status, stderr } = run('--quick', '--engine', 'wasm');
  expect(status).toBe(1);
  expect(stderr).toMatch(/DatasetError: .*train\.conllu cannot be read\. It is .*UD_English-EWT/);
}, 120_000);
