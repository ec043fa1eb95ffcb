import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { faces } from '@espalier/datasets/node';
import sharp from 'sharp';
import { afterAll, afterEach, expect, test, vi } from 'vitest';

const data = mkdtempSync(join(tmpdir(), 'espalier-faces-'));
afterAll(() => rmSync(data, { recursive: true }));
afterEach(() => vi.restoreAllMocks());
const labels = join(data, 'faces', 'labels.csv');

/** Writes `labels.csv` with these lines, and a picture for each. */
async function make(lines: readonly string[], missing = ''): Promise<void> {
  mkdirSync(join(data, 'faces', 'images'), { recursive: true });
  writeFileSync(labels, ['file,identity,expression,split', ...lines, ''].join('\n'));
  const grey = sharp(new Uint8Array(16).fill(51), {
    raw: { width: 4, height: 4, channels: 1 },
  }).toColourspace('b-w');
  for (const [file] of lines.map((line) => line.split(','))) {
    if (file !== missing)
      await grey
        .clone()
        .png()
        .toFile(join(data, 'faces', file));
  }
}

test('both parts number people alike, by name', async () => {
  await make([
    'images/b1.png,Ben,neutral,train',
    'images/a1.png,Ann,happiness,train',
    'images/a2.png,Ann,surprise,test',
    'images/b2.png,Ben,neutral,test',
  ]);
  const train = await faces({ split: 'train', data });
  expect(train.people).toEqual(['Ann', 'Ben']);
  expect(train.pictures.map(({ person, expression }) => [person, expression])).toEqual([
    [1, 0],
    [0, 1],
  ]);
  expect(train.pictures[0].picture).toMatchObject({ width: 64, height: 64, channels: 1 });
  expect(train.pictures[0].picture.pixels[0]).toBeCloseTo(0.2, 2);
  const test = await faces({ split: 'test', data });
  expect(test.people).toEqual(train.people);
  expect(test.pictures.map(({ person, expression }) => [person, expression])).toEqual([
    [0, 2],
    [1, 0],
  ]);
});

const bad = [
  'images/a1.png,Ann,neutral,train',
  'images/a2.png,Ann,neutral,train',
  'images/c1.png,Cleo,neutral,train',
  'images/a3.png,Ann,boredom,train',
  'images/a4.png,Ann,neutral,',
  'images/a5.png,Ann,neutral,train',
];

test('a person with one picture, an unknown expression, no part and a missing picture are skipped, and told by line', async () => {
  await make(bad, 'images/a5.png');
  const warn = vi.spyOn(console, 'warn').mockImplementation(() => undefined);
  const { people, pictures } = await faces({ split: 'train', data, onBadExample: 'skip' });
  expect(people).toEqual(['Ann']);
  expect(pictures).toHaveLength(2);
  const [[told]] = warn.mock.calls;
  expect(told).toContain('4 of 6 examples left out');
  expect(told).toContain(`1 because it is the only picture of its person (${labels}:4)`);
  expect(told).toContain(`1 because its expression is none of neutral, happiness, surprise (${labels}:5)`);
  expect(told).toContain(`1 because it belongs to no part that is known, train or test (${labels}:6)`);
  expect(told).toContain(`(${labels}:7)`);
});

test('or refused at the first, by line', async () => {
  await make(bad);
  await expect(faces({ split: 'train', data })).rejects.toThrow(
    `${labels}:4: it is the only picture of its person: images/c1.png. Mend it, or set onBadExample: 'skip'.`,
  );
});

test('without the data, says where it comes from', async () => {
  vi.stubEnv('ESPALIER_DATA', undefined);
  await expect(faces({ split: 'train' })).rejects.toThrow(
    /faces is not shipped: get it from https.*ESPALIER_DATA/,
  );
  vi.unstubAllEnvs();
  await expect(faces({ split: 'train', data: join(data, 'nowhere') })).rejects.toThrow(
    /labels\.csv: cannot be read/,
  );
});
