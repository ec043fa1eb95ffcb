import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatasetError, parseCoco, UNKNOWN } from '@espalier/datasets';
import { nuclei, readLabelMap, readPictureFolder, readPictureTable } from '@espalier/datasets/node';
import sharp from 'sharp';
import { afterAll, afterEach, describe, expect, test, vi } from 'vitest';

const folder = mkdtempSync(join(tmpdir(), 'espalier-pictures-'));
afterAll(() => rmSync(folder, { recursive: true }));
afterEach(() => vi.restoreAllMocks());

const size = { width: 4, height: 2 };

function pathOf(...parts: string[]): string {
  const path = join(folder, ...parts);
  mkdirSync(join(path, '..'), { recursive: true });
  return path;
}

async function png(path: string, bytes: Uint8Array | Uint16Array, channels: 1 | 3 = 1): Promise<string> {
  const made = sharp(bytes, { raw: { ...size, channels } });
  await made
    .toColourspace(channels === 3 ? 'srgb' : bytes instanceof Uint16Array ? 'grey16' : 'b-w')
    .png()
    .toFile(path);
  return path;
}

const colour = (value: number) => new Uint8Array(24).fill(value);

describe('label maps', () => {
  test('of 8 bits keep their values, and the unknown one becomes UNKNOWN', async () => {
    const file = await png(pathOf('map8.png'), Uint8Array.of(0, 1, 2, 3, 254, 255, 7, 8));
    const { values, ...map } = await readLabelMap(file, { unknown: 255 });
    expect(map).toEqual(size);
    expect([...values]).toEqual([0, 1, 2, 3, 254, UNKNOWN, 7, 8]);
  });

  test('of 16 bits keep their values', async () => {
    const file = await png(pathOf('map16.png'), Uint16Array.of(0, 1, 255, 256, 300, 65534, 65535, 7));
    const { values } = await readLabelMap(file, { unknown: 65535 });
    expect([...values]).toEqual([0, 1, 255, 256, 300, 65534, UNKNOWN, 7]);
  });

  test('with a class that is not known, colours or a palette are refused', async () => {
    const file = await png(pathOf('classes.png'), Uint8Array.of(0, 1, 2, 0, 0, 5, 0, 0));
    await expect(readLabelMap(file, { count: 3 })).rejects.toThrow(
      /label 5 in column 1, row 1, and only the labels 0 to 2/,
    );
    const coloured = await png(pathOf('colours.png'), colour(9), 3);
    await expect(readLabelMap(coloured)).rejects.toThrow(/it has 3 channels, and not 1/);
    const palette = pathOf('palette.png');
    await sharp(colour(9), { raw: { ...size, channels: 3 } })
      .png({ palette: true })
      .toFile(palette);
    await expect(readLabelMap(palette)).rejects.toThrow(DatasetError);
    writeFileSync(pathOf('broken.png'), 'no picture');
    await expect(readLabelMap(pathOf('broken.png'))).rejects.toThrow(/cannot be decoded/);
  });
});

describe('folders of pictures', () => {
  const make = async (name: string) => {
    await png(pathOf(name, 'cat', 'b.png'), colour(255), 3);
    await png(pathOf(name, 'cat', 'a.png'), colour(0), 3);
    await png(pathOf(name, 'dog', 'c.png'), colour(51), 3);
    return join(folder, name);
  };

  test('are read class by class, in the order of names', async () => {
    const { classes, pictures } = await readPictureFolder({
      folder: await make('pets'),
      width: 2,
      height: 2,
    });
    expect(classes).toEqual(['cat', 'dog']);
    expect(pictures.map((picture) => [picture.class, picture.picture.pixels[0].toFixed(2)])).toEqual([
      [0, '0.00'],
      [0, '1.00'],
      [1, '0.20'],
    ]);
    expect(pictures[0].picture).toMatchObject({ width: 2, height: 2, channels: 3 });
  });

  test('bad pictures are named, or left out and told', async () => {
    const own = await make('bad');
    writeFileSync(join(own, 'dog', 'z.png'), 'no picture');
    await png(join(own, 'dog', 'y.png'), new Uint8Array(8));
    const options = { folder: own, width: 2, height: 2 };
    await expect(readPictureFolder(options)).rejects.toThrow(/dog\/y\.png: it has 1 channels, and not 3/);
    const told = vi.spyOn(console, 'warn').mockImplementation(() => {});
    const { pictures } = await readPictureFolder({ ...options, onBadExample: 'skip' });
    expect(pictures).toHaveLength(3);
    expect(told.mock.calls[0][0]).toMatch(
      /2 of 5 examples left out: .*channels.*y\.png.*cannot be decoded.*z\.png/,
    );
  });

  test('a class without pictures, and a folder without classes, are refused', async () => {
    mkdirSync(pathOf('empty', 'none'), { recursive: true });
    const read = (own: string) => readPictureFolder({ folder: own, width: 2, height: 2 });
    await expect(read(join(folder, 'empty'))).rejects.toThrow(/none: has no picture/);
    await expect(read(join(folder, 'empty', 'none'))).rejects.toThrow(/has no folder; expected one a class/);
    await expect(read(join(folder, 'nowhere'))).rejects.toThrow(/nowhere: is not a folder/);
  });
});

describe('tables of pictures', () => {
  const table = async (name: string, text: string) => {
    await png(pathOf(name, 'one.png'), colour(0), 3);
    await png(pathOf(name, 'sub', 'two, too.png'), colour(255), 3);
    const file = pathOf(name, 'labels.csv');
    writeFileSync(file, text);
    return {
      file,
      columns: ['age', 'part'] as const,
      width: 2,
      height: 2,
      read: ({ age, part }: Record<'age' | 'part', string>) => {
        if (part === 'test') return undefined;
        if (!Number.isFinite(Number(age))) throw new DatasetError(`its age is "${age}", and no number`);
        return { age: Number(age) };
      },
    };
  };

  test('are read line by line', async () => {
    const rows = await readPictureTable(
      await table(
        'good',
        'file,age,part,more\none.png,3,train,x\none.png,8,test,x\n"sub/two, too.png",4.5,train,x\n',
      ),
    );
    expect(rows.map(({ value }) => value.age)).toEqual([3, 4.5]);
    expect(rows.map(({ picture }) => picture.pixels[0])).toEqual([0, 1]);
  });

  test('bad lines are named, or left out and told', async () => {
    const options = await table(
      'lines',
      'file,age,part\none.png,3,train\nnowhere.png,4,train\none.png,old,train\n',
    );
    await expect(readPictureTable(options)).rejects.toThrow(
      /labels\.csv:3: it cannot be decoded: nowhere\.png/,
    );
    const told = vi.spyOn(console, 'warn').mockImplementation(() => {});
    expect(await readPictureTable({ ...options, onBadExample: 'skip' })).toHaveLength(1);
    expect(told.mock.calls[0][0]).toMatch(/2 of 3 examples left out: .*labels\.csv:3.*"old".*labels\.csv:4/);
  });

  test('a missing column, a torn line and an empty file are refused', async () => {
    await expect(readPictureTable(await table('column', 'file,part\none.png,train\n'))).rejects.toThrow(
      /labels\.csv:1: has no column age; found file, part/,
    );
    await expect(readPictureTable(await table('torn', 'file,age,part\none.png,3\n'))).rejects.toThrow(
      /labels\.csv:2: is no CSV/,
    );
    await expect(readPictureTable(await table('none', 'file,age,part\n'))).rejects.toThrow(
      /names no example/,
    );
  });
});

describe('nuclei', () => {
  const make = async (name: string) => {
    const own = pathOf(name, 'nuclei', 'field_split.json');
    writeFileSync(own, JSON.stringify({ train: ['a', 'b'], test: ['c'], field: { a: 'f1' } }));
    for (const id of ['a', 'b', 'c']) {
      await png(pathOf(name, 'nuclei', 'images', `${id}.png`), colour(51), 3);
      await png(pathOf(name, 'nuclei', 'labels', `${id}.png`), Uint8Array.of(0, 1, 1, 0, 2, 2, 0, 0));
    }
    return join(folder, name);
  };

  test('are read by parts, each nucleus a segment', async () => {
    const data = await make('whole');
    const train = await nuclei({ split: 'train', data });
    expect(train.map(({ id, field }) => [id, field])).toEqual([
      ['a', 'f1'],
      ['b', 'b'],
    ]);
    expect([...train[0].nuclei.values]).toEqual([0, 1, 1, 0, 2, 2, 0, 0]);
    expect(train[0].nuclei.segments).toEqual([{ class: 0 }, { class: 0 }]);
    expect(await nuclei({ split: 'test', data })).toHaveLength(1);
  });

  test('a missing or wrong file is named, or left out and told', async () => {
    const data = await make('torn');
    rmSync(join(data, 'nuclei/labels/b.png'));
    await expect(nuclei({ split: 'train', data })).rejects.toThrow(/labels\/b\.png: it cannot be decoded/);
    const told = vi.spyOn(console, 'warn').mockImplementation(() => {});
    expect(await nuclei({ split: 'train', data, onBadExample: 'skip' })).toHaveLength(1);
    expect(told.mock.calls[0][0]).toMatch(/1 of 2 examples left out/);
    await expect(nuclei({ split: 'train', data: folder })).rejects.toThrow(
      /field_split\.json cannot be read/,
    );
  });

  const real = join(process.env.ESPALIER_DATA ?? '../shared/data', 'nuclei');
  test.skipIf(!existsSync(real))(
    'of the Data Science Bowl are 176 and 44, and their COCO file agrees',
    async () => {
      const data = join(real, '..');
      const test = await nuclei({ split: 'test', data });
      expect(test).toHaveLength(44);
      const { readFileSync } = await import('node:fs');
      const all = ['train', 'test'].flatMap(
        (part) => parseCoco(readFileSync(join(real, `instances_${part}.json`), 'utf8')).pictures,
      );
      expect(all).toHaveLength(220);
      const byFile = new Map(all.map((picture) => [picture.file, picture]));
      for (const { id, nuclei: map } of test.slice(0, 10)) {
        const coco = byFile.get(`${id}.png`)?.segments();
        const drawn = coco?.values.map((value) => Math.min(value, 1));
        expect(drawn?.join('')).toBe(map.values.map((value) => Math.min(value, 1)).join(''));
        expect(coco?.segments.length).toBe(new Set(map.values).size - 1);
      }
    },
  );
});
