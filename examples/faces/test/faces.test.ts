import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FACE_SIZE, generatedFaces } from '@espalier/datasets';
import sharp from 'sharp';
import { afterAll, describe, expect, test } from 'vitest';
import { inBrowser, withoutBrowser } from '../../../vitest.browser.js';
import { runExample } from '../../../vitest.example.js';
import { drawings } from '../src/drawings.js';
import { standardized } from '../src/face-set.js';

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

test('drawings to train on, to test on and to choose the threshold by are others, and strangers are nobody’s', () => {
  const { train, test: tested, threshold, strangers } = drawings(1, true);
  const sets = [train, tested, threshold.faces, strangers!];
  const inputs = sets.map((data) => Array.from({ length: 60 }, (_, index) => data.at(index).input.join()));
  expect(new Set(inputs.flat()).size).toBe(240);
  expect(drawings(1, true).test.at(7)).toEqual(tested.at(7));
  expect(drawings(2, true).test.at(7)).not.toEqual(tested.at(7));
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

  test('without the photographs, says where they come from', () => {
    const { status, stderr } = run(undefined, '--set', 'photographs');
    expect(status).toBe(1);
    expect(stderr).toMatch(/DatasetError: faces is not shipped.*ESPALIER_DATA/);
  }, 120_000);
});
