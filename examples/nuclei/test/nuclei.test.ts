import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { seededRandom } from '@espalier/core';
import sharp from 'sharp';
import { afterAll, describe, expect, test, vi } from 'vitest';
import { inBrowser, withoutBrowser } from '../../../vitest.browser.js';
import { runExample } from '../../../vitest.example.js';
import { augment } from '../src/augment.js';
import { testData, trainingData } from '../src/data.js';
import { type Sample, SIDE, samples } from '../src/pictures.js';

/** A sample whose nuclei are white. */
function sample(width: number, height: number, stained = false): Sample {
  const values = Int32Array.from({ length: width * height }, (_, pixel) =>
    Number(Math.floor(pixel / width) % 40 < 20 && (pixel % width) % 50 < 25),
  );
  const levels = new Uint8Array(width * height * 3);
  for (const [pixel, value] of values.entries())
    levels.set(value ? [255, 255, 255] : [0, 128, 64], 3 * pixel);
  return {
    id: 'made',
    width,
    height,
    levels,
    nuclei: { width, height, values, segments: [{ class: 0 }] },
    stained,
  };
}

describe.each([
  [256, 256],
  [320, 256],
  [256, 300],
])('augmenting %i × %i pixels', (width, height) => {
  const whole = sample(width, height);

  test('keeps picture and nuclei in step', () => {
    const random = seededRandom(1);
    for (let draw = 0; draw < 10; draw++) {
      const { pixels, nuclei } = augment(whole, random);
      expect([nuclei.width, nuclei.height, pixels.length]).toEqual([SIDE, SIDE, 3 * SIDE * SIDE]);
      const white = nuclei.values.map((_, pixel) =>
        Number(pixels.subarray(3 * pixel, 3 * pixel + 3).every((value) => value === 1)),
      );
      expect(white).toEqual(nuclei.values);
      expect(white.includes(1) && white.includes(0)).toBe(true);
    }
  });
});

test('an example is the same for the same seed and epoch, and another in the next', () => {
  const made = [sample(256, 256), sample(320, 256)];
  const data = trainingData(made, 1);
  expect(data.at(1, 3)).toEqual(trainingData(made, 1).at(1, 3));
  expect(data.at(1, 3).input).not.toEqual(data.at(1, 4).input);
  expect(data.at(1, 3).input).not.toEqual(trainingData(made, 2).at(1, 3).input);
});

test('every fourth example is of a stained sample, whatever its place', () => {
  const made = Array.from({ length: 10 }, (_, index) => {
    const stained = index >= 8;
    const levels = new Uint8Array(256 * 256 * 3).fill(stained ? 10 * index : 0);
    return { ...sample(256, 256, stained), levels };
  });
  const data = trainingData(made, 1);
  const seen = Array.from({ length: 20 }, (_, place) => data.at(place % 10, Math.floor(place / 10)).input);
  expect(
    seen.flatMap((input, place) => (place % 4 === 0 && place % 10 < 8 && input[0] > 0 ? [place] : [])),
  ).toEqual([0, 4, 12, 16]);
  expect(seen[1][0]).toBe(0);
});

test('test pictures are whole, and both tasks speak of the same pixels', () => {
  const { input, labels } = testData([sample(320, 256)]).at(0);
  expect(input.length).toBe(SIDE * SIDE * 3);
  expect(labels.nuclei?.values.length).toBe(SIDE * SIDE);
  expect(labels.tissue?.values).toEqual(labels.nuclei?.values.map((value) => Math.min(value, 1)));
});

/** A data folder with little pictures of bright discs, and a last one of dark ones. */
async function makeData(folder: string): Promise<void> {
  for (const part of ['images', 'labels']) mkdirSync(join(folder, 'nuclei', part), { recursive: true });
  const ids = Array.from({ length: 6 }, (_, index) => `picture${index}`);
  for (const [index, id] of ids.entries()) {
    const values = Uint8Array.from({ length: SIDE * SIDE }, (_, pixel) => {
      const [x, y] = [pixel % 64, Math.floor(pixel / SIDE) % 64];
      const inside = (x - 32) ** 2 + (y - 32) ** 2 < (10 + index) ** 2;
      return inside ? 1 + Math.floor((pixel % SIDE) / 64) + 4 * Math.floor(pixel / SIDE / 64) : 0;
    });
    const size = { width: SIDE, height: SIDE };
    const grey = sharp(values, { raw: { ...size, channels: 1 } }).toColourspace('b-w');
    await grey.png().toFile(join(folder, 'nuclei/labels', `${id}.png`));
    const [ground, disc] = index === 5 ? [235, 75] : [20, 180];
    const colours = Uint8Array.from({ length: 3 * SIDE * SIDE }, (_, place) =>
      values[Math.floor(place / 3)] > 0 ? disc : ground,
    );
    await sharp(colours, { raw: { ...size, channels: 3 } })
      .png()
      .toFile(join(folder, 'nuclei/images', `${id}.png`));
  }
  const split = { train: ids.slice(0, 4), test: ids.slice(4), field: {} };
  writeFileSync(join(folder, 'nuclei/field_split.json'), JSON.stringify(split));
}

describe('pnpm example nuclei --quick', () => {
  const folder = mkdtempSync(join(tmpdir(), 'espalier-nuclei-'));
  const run = (data: string) =>
    runExample(folder, ['nuclei', '--quick', '--engine', 'wasm', '--json', 'out.json'], {
      ESPALIER_DATA: data,
    });
  afterAll(() => rmSync(folder, { recursive: true }));

  test('compares on pictures of a folder, and shows them in a browser without an error', async () => {
    await makeData(folder);
    const { status, stderr, stdout } = run(folder);
    expect(stderr).toContain('multi-task: epoch 1 of 1');
    expect(status).toBe(0);
    const figures = JSON.parse(readFileSync(join(folder, 'out.json'), 'utf8'));
    expect(figures.tasks.tissue.metric).toBe('mIoU');
    expect(figures.tasks.nuclei.metric).toBe('AP50');
    const report = join(folder, 'runs', readdirSync(join(folder, 'runs'))[0], 'report.html');
    expect(stdout).toContain(`Report: ${report}`);
    if (withoutBrowser) return;
    const problems = await inBrowser(report, async (page) => {
      expect(await page.locator('.nuclei figure').count()).toBe(6);
      // The first of three shows what people drew: 16 nuclei.
      expect(await page.locator('.nuclei figure').first().locator('path').count()).toBe(16);
    });
    expect(problems).toEqual([]);
  }, 300_000);

  test('a stained picture becomes bright on dark, as those are that fluoresce', async () => {
    await makeData(folder);
    vi.stubEnv('ESPALIER_DATA', folder);
    const read = await samples('test');
    vi.unstubAllEnvs();
    expect(read.map(({ stained }) => stained)).toEqual([false, true]);
    for (const { levels, nuclei } of read) {
      expect(nuclei.values.every((value, pixel) => levels[3 * pixel] === (value > 0 ? 255 : 0))).toBe(true);
    }
  });

  test('without the pictures, says which folder lacks what', () => {
    const { status, stderr } = run(join(folder, 'nowhere'));
    expect(status).toBe(1);
    expect(stderr).toMatch(/DatasetError: .*nowhere\/nuclei\/field_split\.json cannot be read/);
  }, 120_000);
});
