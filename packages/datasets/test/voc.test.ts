import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatasetError } from '@espalier/datasets';
import { bccd, raccoons, readVoc } from '@espalier/datasets/node';
import sharp from 'sharp';
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'espalier-voc-'));
});
afterAll(() => rm(folder, { recursive: true }));
beforeEach(async () => {
  await rm(folder, { recursive: true });
  for (const part of ['Annotations', 'ImageSets/Main', 'JPEGImages'])
    await mkdir(join(folder, part), { recursive: true });
});

const annotation = (objects: string, size = '<width>20</width><height>10</height>') => `<annotation>
<size>${size}<depth>3</depth></size>
${objects}
</annotation>`;

const object = (name: string, xmin: number, ymin: number, xmax: number, ymax: number) => `<object>
<name>${name}</name>
<bndbox><xmin>${xmin}</xmin><ymin>${ymin}</ymin><xmax>${xmax}</xmax><ymax>${ymax}</ymax></bndbox>
</object>`;

const red = (channels: 3 | 4 = 3) =>
  sharp({ create: { width: 20, height: 10, channels, background: { r: 255, g: 0, b: 0, alpha: 0.5 } } });

/** Writes an example; a picture of its own unless one is given. */
async function put(id: string, xml: string | undefined, picture?: Uint8Array) {
  if (xml !== undefined) await writeFile(join(folder, 'Annotations', `${id}.xml`), xml);
  await writeFile(
    join(folder, 'JPEGImages', `${id}.jpg`),
    picture ?? (await red().jpeg({ quality: 100 }).toBuffer()),
  );
}

async function read(ids: string[], onBadExample: 'throw' | 'skip' = 'throw') {
  await writeFile(join(folder, 'ImageSets/Main/train.txt'), `${ids.join('\n')}\n`);
  return readVoc({ folder, split: 'train', classes: ['cat', 'dog'], width: 8, height: 4, onBadExample });
}

test('pictures are decoded to a size, boxes are fractions, with their last pixels inside', async () => {
  await put('one', annotation(object('dog', 1, 1, 10, 10) + object('cat', 20, 6, 20, 6)));
  await put('none', annotation(''));
  const [one, none] = await read(['one', 'none']);
  expect(one.boxes).toEqual([
    { class: 1, x: 0, y: 0, width: 0.5, height: 1 },
    { class: 0, x: 0.95, y: 0.5, width: 0.05, height: 0.1 },
  ]);
  expect(one.picture).toMatchObject({ width: 8, height: 4, channels: 3 });
  expect(one.picture.pixels[0]).toBeGreaterThan(0.95);
  expect(one.picture.pixels[1]).toBeLessThan(0.05);
  expect(none).toMatchObject({ id: 'none', boxes: [] });
});

const good = annotation(object('cat', 1, 1, 5, 5));
const bad: [string, string | undefined, (() => Promise<Uint8Array>) | undefined, RegExp][] = [
  ['an annotation that is missing', undefined, undefined, /train\.txt:2: its annotation is missing/],
  ['an annotation that is cut off', '<annotation>\n<size>', undefined, /bad\.xml:\d: it is no whole XML/],
  ['no size', annotation('', ''), undefined, /bad\.xml:1: it does not give the size/],
  [
    'an unknown class',
    annotation(`${object('cat', 1, 1, 5, 5)}\n${object('cow', 1, 1, 5, 5)}`),
    undefined,
    /bad\.xml:7: a box is of an unknown class: "cow" from 1, 1 to 5, 5/,
  ],
  ['a box without area', annotation(object('cat', 5, 5, 4, 5)), undefined, /bad\.xml:3: a box has no area/],
  [
    'a box outside',
    annotation(object('cat', 5, 5, 21, 7)),
    undefined,
    /bad\.xml:3: a box is not inside the picture/,
  ],
  ['a box without a side', annotation(object('cat', Number.NaN, 1, 2, 3)), undefined, /a box lacks a side/],
  ['a corrupt picture', good, async () => new Uint8Array(50), /bad\.jpg: it cannot be decoded/],
  [
    'a picture that is cut off',
    good,
    async () => (await red().jpeg({ quality: 100 }).toBuffer()).subarray(0, 271),
    /bad\.jpg: it cannot be decoded/,
  ],
  [
    'a grey picture',
    good,
    () => red().greyscale().toColourspace('b-w').jpeg().toBuffer(),
    /it has 1 channels, and not 3/,
  ],
  ['a picture with alpha', good, () => red(4).png().toBuffer(), /it has 4 channels, and not 3/],
  [
    'an animated picture',
    good,
    () =>
      sharp(Buffer.concat([Buffer.alloc(600, 255), Buffer.alloc(600)]), {
        raw: { width: 20, height: 20, channels: 3, pageHeight: 10 },
      })
        .gif({ delay: [100, 100] })
        .toBuffer(),
    /it is animated, with 2 frames/,
  ],
  [
    'another size',
    annotation('', '<width>10</width><height>10</height>'),
    undefined,
    /it is 20 × 10 pixels, and its annotation 10 × 10/,
  ],
];

describe.each(bad)('%s', (_, xml, picture, message) => {
  test('is an error with file and line, or left out and told', async () => {
    await put('good', good);
    await put('bad', xml, await picture?.());
    await expect(read(['good', 'bad'])).rejects.toThrow(DatasetError);
    await expect(read(['good', 'bad'])).rejects.toThrow(message);
    const warn = vi.spyOn(console, 'warn').mockImplementation(() => {});
    expect((await read(['good', 'bad'], 'skip')).map(({ id }) => id)).toEqual(['good']);
    expect(warn).toHaveBeenCalledTimes(1);
    expect(warn.mock.calls[0][0]).toMatch(/train\.txt: 1 of 2 examples left out: 1 because .*\(.*\)\.$/);
    warn.mockRestore();
  });
});

test('a missing picture and a missing list are named', async () => {
  await put('good', good);
  await rm(join(folder, 'JPEGImages/good.jpg'));
  await expect(read(['good'])).rejects.toThrow(/good\.jpg: it cannot be decoded/);
  await expect(readVoc({ folder, split: 'no', classes: ['cat'], width: 1, height: 1 })).rejects.toThrow(
    /no\.txt cannot be read/,
  );
});

const data = process.env.ESPALIER_DATA;
test.skipIf(data === undefined)('the named sets have the counts of their sources', async () => {
  const size = { width: 16, height: 16 };
  const count = (pictures: readonly { boxes: readonly { class: number }[] }[], kind: number) =>
    pictures.reduce((sum, { boxes }) => sum + boxes.filter((box) => box.class === kind).length, 0);
  const cells = await bccd({ split: 'train', ...size });
  expect([cells.length, ...[0, 1, 2].map((kind) => count(cells, kind))]).toEqual([104, 1151, 105, 103]);
  const animals = await raccoons({ split: 'test', ...size });
  expect([animals.length, count(animals, 0)]).toEqual([40, 44]);
});
