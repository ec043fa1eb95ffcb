import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  bucketOf,
  countVocabulary,
  DatasetError,
  graphemes,
  hideWords,
  lengthBuckets,
  normalizeText,
  parseBinaryWordVectors,
  parseWinkWordVectors,
  parseWordVectors,
  rowsOf,
  splitWords,
  tokenFeatures,
} from '@espalier/datasets';
import { readWordVectors } from '@espalier/datasets/node';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

describe('Unicode', () => {
  test('é is one character however it was typed, and half a surrogate pair none', () => {
    expect(normalizeText('e\u0301')).toBe('\u00e9');
    expect(normalizeText('a\ud83d!')).toBe('a\ufffd!');
    expect(normalizeText('😀')).toBe('😀');
  });

  test('characters are what a reader sees', () => {
    expect(graphemes('n\u0303👨‍👩‍👧שׁa')).toEqual(['n\u0303', '👨‍👩‍👧', 'שׁ', 'a']);
  });

  test('words come apart in every direction of writing', () => {
    expect(splitWords("don't stop: 3.5 שלום 😀!")).toEqual(["don't", 'stop', ':', '3.5', 'שלום', '😀', '!']);
    expect(splitWords('  ')).toEqual([]);
  });
});

describe('a vocabulary', () => {
  const vocabulary = countVocabulary(['b', 'a', 'b', 'c', 'c', 'd'], { least: 2 });

  test('has the frequent pieces from 2 on, 1 for others, 0 for padding', () => {
    expect(vocabulary.pieces).toEqual(['b', 'c']);
    expect(['b', 'c', 'a', '', 'constructor'].map((piece) => vocabulary.numberOf(piece))).toEqual([
      2, 3, 1, 1, 1,
    ]);
    expect([0, 1, 2, 3, 4].map((number) => vocabulary.pieceOf(number))).toEqual([
      undefined,
      undefined,
      'b',
      'c',
      undefined,
    ]);
    expect(vocabulary.size).toBe(3);
  });

  test('has what is known elsewhere, also if it does not occur', () => {
    const known = countVocabulary(['b', 'a', 'b'], { least: 2, known: ['x', 'a'] });
    expect(known.pieces).toEqual(['b', 'a', 'x']);
    expect(tokenFeatures([['b', 'B', 'a']], { known: ['x'] }).words.pieces).toEqual(['b', 'x']);
  });

  test('does not depend on the order in which pieces come', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ maxLength: 2 })), (pieces) => {
        expect(countVocabulary(pieces.toReversed()).pieces).toEqual(countVocabulary(pieces).pieces);
      }),
    );
  });
});

describe('token features', () => {
  const features = tokenFeatures(
    [
      ['The', 'cat'],
      ['the', 'e\u0301'],
    ],
    { characters: 4 },
  );

  test('are the number of the word in lower case, then those of its characters', () => {
    const values = features.encode(['The', 'dog'], 3);
    expect(values).toHaveLength(3 * features.width);
    const [word, ...characters] = values.slice(0, 5);
    expect(features.words.pieceOf(word)).toBe('the');
    expect(characters.map((number) => features.characters.pieceOf(number))).toEqual([
      'T',
      'h',
      'e',
      undefined,
    ]);
    expect(values[5]).toBe(1);
    expect(Array.from(values.slice(10))).toEqual([0, 0, 0, 0, 0]);
  });

  test('are equal for equal text, and keep both ends of a long word', () => {
    expect(features.encode(['\u00e9'])).toEqual(features.encode(['e\u0301']));
    const long = features.encode(['thacate']).slice(1);
    expect(Array.from(long, (number) => features.characters.pieceOf(number))).toEqual(['t', 'h', 't', 'e']);
  });
});

describe('subwords', () => {
  const features = tokenFeatures([['Undo', 'redo', 'do']], { leastWords: 1, characters: 2, subwords: 3 });
  const partsOf = (word: string) =>
    Array.from(features.encode([word]).slice(3), (number) => features.subwords.pieceOf(number));

  test('are what two words have in common, with marks for their ends', () => {
    expect(features.subwords.pieces).toEqual(['do>']);
    expect(features.width).toBe(6);
    expect(partsOf('UNDO')).toEqual(['do>', undefined, undefined]);
    expect(partsOf('dog')).toEqual([undefined, undefined, undefined]);
  });

  test('of many the shortest count', () => {
    const many = tokenFeatures([['rename', 'renamed']], { subwords: 5 });
    const parts = Array.from(many.encode(['renaming']).slice(17), (number) => many.subwords.pieceOf(number));
    expect(parts).toEqual(['<re', 'ren', 'ena', 'nam', '<ren']);
  });

  test('are of what a reader sees as characters', () => {
    const { subwords } = tokenFeatures([['a👨‍👩‍👧', 'a👨‍👩‍👧!']], { subwords: 4 });
    expect(subwords.pieces).toEqual(['<a👨‍👩‍👧']);
  });
});

describe('length buckets', () => {
  test('hold every length, and waste at most what is allowed', () => {
    const lengths = fc.array(fc.integer({ min: 1, max: 80 }), { minLength: 1, maxLength: 200 });
    fc.assert(
      fc.property(lengths, fc.constantFrom(0, 0.05, 0.15, 0.5), (own, waste) => {
        const buckets = lengthBuckets(own, waste);
        expect(buckets).toEqual([...new Set(buckets)].sort((a, b) => a - b));
        const padded = own.map((length) => bucketOf(length, buckets));
        for (const [index, length] of own.entries()) expect(padded[index]).toBeGreaterThanOrEqual(length);
        const [tokens, all] = [own, padded].map((list) => list.reduce((sum, length) => sum + length, 0));
        expect(1 - tokens / all).toBeLessThanOrEqual(waste + 1e-9);
      }),
    );
  });

  test('are few', () => {
    expect(lengthBuckets(Array.from({ length: 80 }, (_, index) => index + 1)).length).toBeLessThan(12);
    expect(bucketOf(100, [5, 10])).toBe(100);
  });
});

describe('word vectors', () => {
  test('from text, with and without a header, and words with spaces', () => {
    const expected = new Map([
      ['the', Float32Array.of(0.5, -1)],
      ['. . .', Float32Array.of(2, 1e-3)],
    ]);
    for (const header of ['', '2 2\n']) {
      expect(parseWordVectors(`${header}the 0.5 -1\n. . . 2 1e-3\n`, 'v.txt')).toEqual({
        length: 2,
        vectors: expected,
      });
    }
    expect([...parseWordVectors('a 1\nb 2\n', 'v', new Set(['b'])).vectors.keys()]).toEqual(['b']);
  });

  test('from binary files, with and without line ends between', () => {
    const vector = (word: string, values: number[], end: string) => [
      ...Buffer.from(`${word} `),
      ...new Uint8Array(Float32Array.from(values).buffer),
      ...Buffer.from(end),
    ];
    for (const end of ['', '\n']) {
      const bytes = Uint8Array.from([
        ...Buffer.from('2 2\n'),
        ...vector('é', [1, 2], end),
        ...vector('b', [3, 4], end),
      ]);
      expect([...parseBinaryWordVectors(bytes, 'v.bin').vectors]).toEqual([
        ['é', Float32Array.of(1, 2)],
        ['b', Float32Array.of(3, 4)],
      ]);
      expect(() => parseBinaryWordVectors(bytes.subarray(0, 20), 'v.bin')).toThrow(
        /v\.bin: ends in word 2 of 2/,
      );
    }
  });

  test('from the JSON of winkNLP, without the numbers that are for searching', () => {
    const text = JSON.stringify({ dimensions: 2, vectors: { a: [1, 2, 9, 0], b: [3, 4, 9, 1] } });
    expect(parseWinkWordVectors(text, 'v.json', new Set(['b', 'c']))).toEqual({
      length: 2,
      vectors: new Map([['b', Float32Array.of(3, 4)]]),
    });
  });

  test('from a file in the format that its name says', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'espalier-vectors-'));
    const one = { length: 1, vectors: new Map([['a', Float32Array.of(1)]]) };
    const binary = Buffer.from([...Buffer.from('1 1\na '), ...new Uint8Array(Float32Array.of(1).buffer)]);
    for (const [name, content] of [
      ['v.txt', 'a 1\nb 2\n'],
      ['v.bin', binary],
      ['v.json', '{"dimensions":1,"vectors":{"a":[1],"b":[2]}}'],
    ] as const) {
      writeFileSync(join(folder, name), content);
      expect(await readWordVectors(join(folder, name), new Set(['a']))).toEqual(one);
    }
    rmSync(folder, { recursive: true });
    await expect(readWordVectors(join(folder, 'v.txt'))).rejects.toThrow(/v\.txt: cannot be read as word/);
  });

  test('that are none are refused', () => {
    expect(() => parseWinkWordVectors('{"dimensions":2,"vectors":{"a":[1]}}', 'v.json')).toThrow(
      'v.json: has no 2 numbers for the word "a".',
    );
    expect(() => parseWinkWordVectors('[]', 'v.json')).toThrow(/v\.json: has no "dimensions"/);
    expect(() => parseWordVectors('a 1 2\nb 1 x\n', 'v.txt')).toThrow(/v\.txt:2: is no word with 2 numbers/);
    expect(() => parseWordVectors('a 1 2\nb\n', 'v.txt')).toThrow(DatasetError);
    expect(() => parseBinaryWordVectors(Uint8Array.of(1, 2, 3), 'v.bin')).toThrow(
      /does not begin with a line/,
    );
  });
});

test('vectors belong to the numbers of a vocabulary', () => {
  const vocabulary = countVocabulary(['dog', 'dog', 'cat', 'owl']);
  const vectors = parseWordVectors('cat 1 2\nfox 3 4\ndog 5 6\n', 'glove.txt');
  expect([...rowsOf(vocabulary, vectors)]).toEqual([
    [2, Float32Array.of(5, 6)],
    [3, Float32Array.of(1, 2)],
  ]);
});

test('some words are hidden, at least one, and told', () => {
  const numbers = fc.array(fc.integer({ min: 1, max: 50 }), { minLength: 1, maxLength: 20 });
  const draws = fc.array(fc.double({ min: 0, max: 0.999, noNaN: true }), { minLength: 40, maxLength: 40 });
  fc.assert(
    fc.property(numbers, draws, (own, drawn) => {
      let next = 0;
      const { numbers: left, hidden } = hideWords(own, { share: 0.3, random: () => drawn[next++] });
      expect(hidden.filter((word) => word !== undefined).length).toBeGreaterThan(0);
      expect(left.map((number, place) => hidden[place] ?? number)).toEqual(own);
      for (const [place, word] of hidden.entries()) if (word !== undefined) expect(left[place]).toBe(1);
    }),
  );
});
