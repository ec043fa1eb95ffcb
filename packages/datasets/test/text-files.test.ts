import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  DatasetError,
  parseConllColumns,
  parseConllu,
  parseCsv,
  parseJsonl,
  parseParallel,
  parseSquad,
  parseTsv,
} from '@espalier/datasets';
import { ewtPosNer, vaderTexts, xquad } from '@espalier/datasets/node';
import { afterAll, describe, expect, test } from 'vitest';

const row = (id: string, form: string, rest = 'x\tNOUN\tNN\t_\t0\troot\t_\t_') => `${id}\t${form}\t${rest}`;

describe('CoNLL-U', () => {
  test('words with their fields; ranges and empty nodes are no words', () => {
    const text = [
      '# sent_id = a-1',
      '# text = vámonos 1 = 1',
      row('1-2', 'vámonos', '_\t_\t_\t_\t_\t_\t_\t_'),
      row('1', 'vamos', 'ir\tVERB\tV\tMood=Imp|Number=Plur\t0\troot\t0:root\tNER=O|SpaceAfter=No'),
      row('1.1', 'que', '_\t_\t_\t_\t_\t_\t_\t_'),
      row('2', '_', '_\tPUNCT\t_\t_\t1\tobj\t_\tNER=B-PER'),
      '',
      '',
      row('1', 'Ende'),
    ].join('\r\n');
    const [first, second, ...others] = parseConllu(`\ufeff${text}`, 'a.conllu');
    expect(others).toEqual([]);
    expect(first).toMatchObject({ id: 'a-1', text: 'vámonos 1 = 1', lines: [4, 6] });
    expect(first.words.map(({ form, lemma, upos }) => [form, lemma, upos])).toEqual([
      ['vamos', 'ir', 'VERB'],
      ['_', '_', 'PUNCT'],
    ]);
    expect(first.words[0].features.get('Mood')).toBe('Imp');
    expect(first.words[1].misc.get('NER')).toBe('B-PER');
    expect(first.words[1].head).toBe(1);
    expect(second).toMatchObject({ id: undefined, words: [{ form: 'Ende', head: 0 }] });
  });

  test.each([
    ['1\tword', /bad\.conllu:2: has 2 columns; CoNLL-U has 10/],
    [row('2', 'word'), /:2: has the id "2"; expected 1/],
    [row('x', 'word'), /:2: has the id "x"; expected 1/],
    [row('1-0', 'word'), /:2: has the id "1-0"/],
    [row('1', ''), /:2: has an empty form/],
    [row('1', 'a', '_\t_\t_\t_\tone\t_\t_\t_'), /:2: has the head "one"/],
    [row('1', 'a', '_\t_\t_\t_\t0\t_\t_\tNER=O|NER=B-PER'), /:2: has "NER" twice/],
  ])('%j is refused by file and line', (line, message) => {
    expect(() => parseConllu(`# text = x\n${line}\n`, 'bad.conllu')).toThrow(message);
    expect(() => parseConllu(`# text = x\n${line}\n`, 'bad.conllu')).toThrow(DatasetError);
  });
});

describe('CoNLL columns', () => {
  test('by name', () => {
    const text = '-DOCSTART- -X- O O\n\nEU NNP B-NP B-ORG\nrejects VBZ B-VP O\n\n\nPeter NNP B-NP B-PER';
    expect(parseConllColumns(text, 'train.txt', { token: 0, ner: 3 })).toEqual([
      { token: ['EU', 'rejects'], ner: ['B-ORG', 'O'] },
      { token: ['Peter'], ner: ['B-PER'] },
    ]);
  });

  test('that are missing are refused by file and line', () => {
    expect(() => parseConllColumns('a b\nc\n', 'x', { token: 0 })).toThrow(
      /x:2: has 1 columns; the lines before have 2/,
    );
    expect(() => parseConllColumns('a b\n', 'x', { ner: 3 })).toThrow(
      /x:1: has 2 columns; "ner" .* column 3/,
    );
  });
});

describe('delimited text', () => {
  test('TSV knows no quotes, CSV does; rows know their line', () => {
    expect(parseTsv('1\t"a\n\n2\tb\r\n', 'x')).toEqual([
      { line: 1, values: ['1', '"a'] },
      { line: 3, values: ['2', 'b'] },
    ]);
    expect(parseCsv('1,"a\nb, ""c"""\n2,d\n', 'x')).toEqual([
      { line: 1, values: ['1', 'a\nb, "c"'] },
      { line: 3, values: ['2', 'd'] },
    ]);
    expect(parseJsonl('{"a": 1}\n\n{"a": [2]}', 'x')).toEqual([
      { line: 1, values: { a: 1 } },
      { line: 3, values: { a: [2] } },
    ]);
  });

  test('what is none is refused by file and line', () => {
    expect(() => parseTsv('a\tb\nc\n', 'x.tsv')).toThrow(/x\.tsv:2: has 1 values; the first row has 2/);
    expect(() => parseCsv('a,b\nc\n', 'x.csv')).toThrow(/x\.csv:2: is no CSV/);
    expect(() => parseCsv('a,"b\n', 'x.csv')).toThrow(DatasetError);
    expect(() => parseJsonl('{}\n{', 'x.jsonl')).toThrow(/x\.jsonl:2: is no JSON/);
    expect(() => parseJsonl('[1]', 'x.jsonl')).toThrow(/x\.jsonl:1: is no JSON object/);
  });
});

test('parallel text', () => {
  const [de, en] = [
    { text: 'eins\n\nzwei\n', file: 'a.de' },
    { text: 'one\n\ntwo\n', file: 'a.en' },
  ];
  expect(parseParallel(de, en)).toEqual([
    { source: 'eins', target: 'one' },
    { source: 'zwei', target: 'two' },
  ]);
  expect(() => parseParallel(de, { ...en, text: 'one\n' })).toThrow(/a\.de has 3 lines and a\.en 1/);
  expect(() => parseParallel(de, { ...en, text: 'one\n\n \n' })).toThrow(
    /a\.en:3: is empty, but its translation in a\.de is not/,
  );
});

describe('SQuAD', () => {
  const file = (context: string, ...qas: unknown[]) =>
    JSON.stringify({ version: '2.0', data: [{ title: 'T', paragraphs: [{ context, qas }] }] });

  test('questions, their answers where JavaScript counts them, and those without one', () => {
    const text = file(
      '😀 in Köln am Rhein',
      { id: 'a', question: 'Where?', answers: [{ text: 'Köln', answer_start: 5 }] },
      { id: 'b', question: 'Who?', answers: [], is_impossible: true },
    );
    const [where, who] = parseSquad(text, 'q.json');
    expect(where).toMatchObject({
      id: 'a',
      article: 'T',
      question: 'Where?',
      answers: [{ text: 'Köln', start: 6 }],
    });
    expect(where.context.slice(6, 10)).toBe('Köln');
    expect(who.answers).toEqual([]);
  });

  test.each([
    ['{', /q\.json: is no JSON/],
    ['{}', /"data" is missing; expected a list/],
    [file('x', { id: 1 }), /"id" is 1; expected text/],
    [
      file('abc', { id: 'a', question: '', answers: [{ text: 'c', answer_start: 1 }] }),
      /question "a" has the answer "c", but at its place the paragraph says "b"/,
    ],
    [
      file('abc', { id: 'a', question: '', answers: [{ text: 'c', answer_start: -1 }] }),
      /"answer_start" is -1/,
    ],
    [
      file('a', { id: 'a', question: '', answers: [] }, { id: 'a', question: '', answers: [] }),
      /"a" is there twice/,
    ],
  ])('%j is refused', (text, message) => {
    expect(() => parseSquad(text, 'q.json')).toThrow(message);
  });
});

describe('named sets', () => {
  const folder = mkdtempSync(join(tmpdir(), 'espalier-text-'));
  afterAll(() => rmSync(folder, { recursive: true }));
  const write = (name: string, text: string) => writeFileSync(join(folder, name), text);

  test('tagged sentences of EWT', async () => {
    const word = (id: number, form: string, ner: string) =>
      row(`${id}`, form, `_\tPROPN\t_\t_\t0\troot\t_\t${ner}`);
    write('train.conllu', `# sent_id = s1\n${word(1, 'Anna', 'NER=B-PER')}\n${word(2, 'Ek', 'NER=I-PER')}\n`);
    expect(await ewtPosNer(folder, 'train')).toEqual([
      { id: 's1', tokens: ['Anna', 'Ek'], pos: ['PROPN', 'PROPN'], ner: ['B-PER', 'I-PER'] },
    ]);
    write('test.conllu', `\n${word(1, 'Anna', '_')}\n`);
    await expect(ewtPosNer(folder, 'test')).rejects.toThrow(/test\.conllu:2: has no NER= in its last column/);
    await expect(ewtPosNer(join(folder, 'no'), 'test')).rejects.toThrow(
      /cannot be read\. It is .*UD_English-EWT/,
    );
  });

  test('XQuAD, every fifth article for testing', async () => {
    const article = (id: number) => ({
      title: `T${id}`,
      paragraphs: [
        { context: 'a b', qas: [{ id: `q${id}`, question: '?', answers: [{ text: 'b', answer_start: 2 }] }] },
      ],
    });
    write('de.json', JSON.stringify({ data: [0, 1, 2, 3, 4, 5, 6].map(article) }));
    const ids = async (split: 'train' | 'test') => (await xquad(folder, 'de', split)).map(({ id }) => id);
    expect(await ids('test')).toEqual(['q0', 'q5']);
    expect(await ids('train')).toEqual(['q1', 'q2', 'q3', 'q4', 'q6']);
    await expect(xquad(folder, 'es', 'test')).rejects.toThrow(
      /es\.json cannot be read\. It is xquad\.es\.json/,
    );
    write('es.json', '{}');
    await expect(xquad(folder, 'es', 'test')).rejects.toThrow(
      /es\.json: is not in SQuAD's format: "data" is missing/,
    );
    write('es.json', '{');
    await expect(xquad(folder, 'es', 'test')).rejects.toThrow(/es\.json: is no JSON/);
  });

  test('rated texts of VADER, split by document', async () => {
    write(
      'split.json',
      JSON.stringify({
        unit: { tweets: 'row id', nyt: 'document id', movies: 'row id', amazon: 'document id' },
        test: { tweets: ['2'], nyt: ['1'], movies: [], amazon: [] },
      }),
    );
    write('tweets.tsv', '1\t2.5\tso good "\r\n2\t-1\tbad\r\n');
    write('nyt.tsv', '1_1\t0\ta\r\n1_2\t0\tb\r\n12_1\t0\tc\r\n');
    write('movies.tsv', '1\t0.1\tm\r\n');
    write('amazon.tsv', '1_1\t-4\tz\r\n');
    const [train, held] = [await vaderTexts(folder, 'train'), await vaderTexts(folder, 'test')];
    expect(train.map(({ id }) => id)).toEqual(['tweets/1', 'nyt/12_1', 'movies/1', 'amazon/1_1']);
    expect(held.map(({ id }) => id)).toEqual(['tweets/2', 'nyt/1_1', 'nyt/1_2']);
    expect(train[0]).toEqual({ id: 'tweets/1', source: 'tweets', text: 'so good "', rating: 2.5 });
    write('movies.tsv', '1\t4.1\tm\r\n');
    await expect(vaderTexts(folder, 'train')).rejects.toThrow(/movies\.tsv:1: is not an id, a rating/);
    write('split.json', '{"unit": {}, "test": {}}');
    await expect(vaderTexts(folder, 'train')).rejects.toThrow(/lacks "unit" or "test"/);
    await expect(vaderTexts(join(folder, 'no'), 'train')).rejects.toThrow(
      /split\.json cannot be read.*vaderSentiment/,
    );
  });
});
