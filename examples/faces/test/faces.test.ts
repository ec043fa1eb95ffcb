import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { seededRandom } from '@espalier/core';
import { FACE_SIZE, generatedFaces } from '@espalier/datasets';
import sharp from 'sharp';
import { afterAll, describe, expect, test, vi } from 'vitest';
import { inBrowser, withoutBrowser } from '../../../vitest.browser.js';
import { runExample } from '../../../vitest.example.js';
import { drawings } from '../src/drawings.js';
import { standardized } from '../src/face-set.js';
import { type EmbeddedFace, letCome } from '../src/open-set.js';
import { photographsWithStrangers } from '../src/photographs.js';

const folder = mkdtempSync(join(tmpdir(), 'espalier-faces-'));
afterAll(() => rmSync(folder, { recursive: true }));

const run = (data: string | undefined, ...options: string[]) =>
  runExample(folder, ['faces', '--quick', '--engine', 'wasm', '--json', 'out.json', ...options], {
    ESPALIER_DATA: data,
  });

/** A data folder of drawn faces: of four people four to train on and two to test on. */
async function makePhotographs(): Promise<void> {
  mkdirSync(join(folder, 'faces/images'), { recursive: true });
  const people = [11, 12, 13, 14];
  const expressions = ['neutral', 'happiness', 'surprise'] as const;
  const faces = generatedFaces({ people, expressions, count: 24, seed: 1 });
  const lines = Array.from({ length: faces.length }, (_, index) => {
    const { person, expression } = faces.at(index);
    return `images/${index}.png,${person},${expressions[expression]},${index < 16 ? 'train' : 'test'}`;
  });
  writeFileSync(join(folder, 'faces/labels.csv'), ['file,identity,expression,split', ...lines].join('\n'));
  for (const [index] of lines.entries()) {
    const bytes = Uint8Array.from(faces.at(index).pixels, (value) => Math.round(255 * value));
    const raw = { width: FACE_SIZE, height: FACE_SIZE, channels: 1 } as const;
    await sharp(bytes, { raw })
      .toColourspace('b-w')
      .png()
      .toFile(join(folder, `faces/images/${index}.png`));
  }
}

test('drawings to train on and to test on are others than those of outsiders and of strangers', () => {
  const { train, test: tested, others } = drawings(1, true);
  const sets = [train, tested, others!.outsiders, others!.strangers];
  const inputs = sets.map((data) => Array.from({ length: 60 }, (_, index) => data.at(index).input.join()));
  expect(new Set(inputs.flat()).size).toBe(240);
  expect(drawings(1, true).test.at(7)).toEqual(tested.at(7));
  expect(drawings(2, true).test.at(7)).not.toEqual(tested.at(7));
});

describe('where anybody may come', () => {
  const random = seededRandom(1);
  const vector = () => Array.from({ length: 16 }, () => 2 * random() - 1);
  const around = (people: readonly number[][], count: number): EmbeddedFace[] =>
    Array.from({ length: count }, (_, index) => {
      const person = index % people.length;
      return { person, embedding: people[person].map((value) => value + 0.5 * (2 * random() - 1)) };
    });
  const [members, unknown, strange] = [30, 30, 30].map((count) => Array.from({ length: count }, vector));
  const enrolled = around(members, 300);
  const known = around(members, 300);
  const outsiders = around(unknown, 300);
  const strangers = around(strange, 300);

  test('at most one outsider in twenty passes, about as many strangers, and most of the known are recognized', () => {
    const { right, wrong, refused, accepted } = letCome({ enrolled, known, outsiders, strangers });
    expect(right + wrong + refused).toBeCloseTo(1, 12);
    expect(right).toBeGreaterThan(0.8);
    expect(accepted).toBeLessThan(0.15);
    const again = letCome({ enrolled, known, outsiders, strangers: outsiders }).accepted;
    expect(again).toBeGreaterThan(0.04);
    expect(again).toBeLessThanOrEqual(0.05);
  });

  test('a known person who looks like another one is taken for that one, or for nobody', () => {
    const swapped = known.map(({ person, embedding }) => ({ person: (person + 1) % 30, embedding }));
    const { right, wrong } = letCome({ enrolled, known: swapped, outsiders, strangers });
    expect(right).toBe(0);
    expect(wrong).toBeGreaterThan(0.8);
  });
});

test('a dark picture and a bright one become alike', () => {
  const bright = Float32Array.from({ length: 100 }, (_, index) => 0.5 + 0.004 * index);
  const dark = bright.map((value) => 0.3 * value + 0.05);
  const [a, b] = [standardized(bright), standardized(dark)];
  for (const [index, value] of a.entries()) expect(b[index]).toBeCloseTo(value, 2);
});

describe('pnpm example faces --quick', () => {
  test('compares on drawings, and shows them in a browser without an error', async () => {
    const { status, stderr, stdout } = run(undefined, '--out', join(folder, 'drawings'));
    expect(stderr).toContain('multi-task: epoch 1 of 1');
    expect(status).toBe(0);
    const figures = JSON.parse(readFileSync(join(folder, 'out.json'), 'utf8'));
    expect(figures.tasks.person.metric).toBe('rank-1');
    expect(figures.tasks.expression.metric).toBe('macro F1');
    const report = join(folder, 'drawings', 'report.html');
    expect(stdout).toContain(`Report: ${report}`);
    if (withoutBrowser) return;
    const problems = await inBrowser(report, async (page) => {
      expect(await page.locator('.face svg image').count()).toBe(24);
      expect(await page.locator('#open-set tr').count()).toBe(4);
      expect(await page.locator('#metrics tbody tr').filter({ hasText: 'EER' }).count()).toBe(2);
    });
    expect(problems).toEqual([]);
  }, 300_000);

  test('compares on photographs of a folder, and shows none of them', async () => {
    await makePhotographs();
    const { status, stderr } = run(folder, '--set', 'photographs', '--out', join(folder, 'photographs'));
    expect(stderr).toContain('multi-task: epoch 1 of 1');
    expect(status).toBe(0);
    const report = readFileSync(join(folder, 'photographs', 'report.html'), 'utf8');
    expect(report).toContain('photographs of 4 people');
    expect(report).not.toContain('<image');
    expect(readdirSync(join(folder, 'photographs'))).toContain('model.safetensors');
  }, 300_000);

  test('of the photographs, outsiders and strangers are of people who are not learned', async () => {
    vi.stubEnv('ESPALIER_DATA', folder);
    const { people, train, test: tested, enrolled, others } = await photographsWithStrangers(1, true);
    vi.unstubAllEnvs();
    expect(people).toHaveLength(2);
    expect([train, tested, enrolled].map(({ length }) => length)).toEqual([8, 4, 8]);
    expect(new Set(Array.from({ length: 8 }, (_, index) => train.at(index).labels.person))).toEqual(
      new Set([0, 1]),
    );
    expect([others!.outsiders.length, others!.strangers.length]).toEqual([6, 6]);
    const files = [tested, enrolled, others!.outsiders, others!.strangers].flatMap((data) =>
      Array.from({ length: data.length }, (_, index) => data.id!(index)),
    );
    expect(new Set(files).size).toBe(24);
  });

  test('without the photographs, says where they come from', () => {
    const { status, stderr } = run(undefined, '--set', 'photographs');
    expect(status).toBe(1);
    expect(stderr).toMatch(/DatasetError: faces is not shipped.*ESPALIER_DATA/);
  }, 120_000);
});
