import { readFileSync } from 'node:fs';
import { answerWindows, DatasetError, subwordTokenizer, trainBpe } from '@espalier/datasets';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

interface Case {
  readonly name: string;
  readonly file: { readonly model: { readonly vocab: object; readonly merges?: readonly unknown[] } };
  readonly ids: readonly number[][];
  readonly tokens: readonly string[][];
  readonly decoded: readonly string[];
  readonly pair: { readonly ids: readonly number[]; readonly segments: readonly number[] };
}

/** What Hugging Face's tokenizers say: `reference/make_tokenizers.py` wrote it. */
const reference: {
  readonly corpus: readonly string[];
  readonly texts: readonly string[];
  readonly pair: readonly [string, string];
  readonly cases: readonly Case[];
} = JSON.parse(readFileSync(new URL('./reference/tokenizers.json', import.meta.url), 'utf8'));

describe.each(reference.cases)('a tokenizer.json: $name', ({ file, ids, tokens, decoded, pair }) => {
  const make = () => subwordTokenizer(JSON.stringify(file), 'tokenizer.json');
  const shift = '[PAD]' in file.model.vocab ? 0 : 1;

  test('gives the tokens and numbers of Hugging Face, 0 being padding', async () => {
    const tokenizer = await make();
    const composed = reference.texts.map((text) => text.normalize('NFC'));
    for (const [index, text] of reference.texts.entries()) {
      if (composed[index] !== text) continue;
      expect(tokenizer.tokens(text)).toEqual(tokens[index]);
      expect(tokenizer.encode(text)).toEqual(ids[index].map((id) => id + shift));
    }
    expect(tokenizer.size).toBe(Object.keys(file.model.vocab).length - 1 + shift);
  });

  test('and gives texts back as Hugging Face does', async () => {
    const tokenizer = await make();
    for (const [index, own] of ids.entries()) {
      expect(tokenizer.decode([...own.map((id) => id + shift), ...(shift === 0 ? [] : [0])])).toBe(
        decoded[index],
      );
    }
  });

  test('reads two texts with its marks', async () => {
    const tokenizer = await make();
    const input = Array.from(tokenizer.encodeInput(...reference.pair));
    expect(input.filter((_, index) => index % 2 === 0)).toEqual(pair.ids.map((id) => id + shift));
    expect(input.filter((_, index) => index % 2 === 1)).toEqual(pair.segments);
  });

  test('composes characters, and mends half of a surrogate pair', async () => {
    const tokenizer = await make();
    expect(tokenizer.encode('e\u0301')).toEqual(tokenizer.encode('\u00e9'));
    expect(tokenizer.encode('a\ud800')).toEqual(tokenizer.encode('a\ufffd'));
  });
});

describe('a trained vocabulary', () => {
  test('is that of Hugging Face', () => {
    const { model } = JSON.parse(trainBpe(reference.corpus, { size: 80 }));
    const [{ file }] = reference.cases;
    expect(model.merges).toEqual(file.model.merges);
    expect(model.vocab).toEqual(file.model.vocab);
  });

  test('gives its texts back', async () => {
    const words = fc.array(fc.stringMatching(/^[a-e\u05d0-\u05d2]{1,6}$/u), { minLength: 1, maxLength: 8 });
    await fc.assert(
      fc.asyncProperty(
        fc.array(words, { minLength: 1, maxLength: 6 }),
        fc.integer({ min: 12, max: 40 }),
        async (all, size) => {
          const texts = all.map((own) => own.join(' '));
          const tokenizer = await subwordTokenizer(trainBpe(texts, { size }), 'trained');
          expect(tokenizer.size).toBeLessThan(size);
          for (const text of texts) expect(tokenizer.decode(tokenizer.encode(text))).toBe(text);
        },
      ),
      { numRuns: 30 },
    );
  });

  test('without room for the characters is refused', () => {
    expect(() => trainBpe(['abc'], { size: 5 })).toThrow(/of 5 has no room for the 4 characters/);
  });
});

test('what is no tokenizer.json is refused by its name', async () => {
  await expect(subwordTokenizer('{', 'a.json')).rejects.toThrow(DatasetError);
  await expect(subwordTokenizer('{', 'a.json')).rejects.toThrow(/a\.json: is no JSON/);
  for (const text of ['{}', 'null', '[]', '{"model": {}}']) {
    await expect(subwordTokenizer(text, 'a.json')).rejects.toThrow(/a\.json: has no "model" with a "vocab"/);
  }
  await expect(subwordTokenizer('{"model": {"type": "Odd", "vocab": 3}}', 'a.json')).rejects.toThrow(
    /a\.json: cannot be used/,
  );
});

describe('places of subwords', () => {
  const make = (name: string) => {
    const { file } = reference.cases.find((one) => one.name === name) as Case;
    return subwordTokenizer(JSON.stringify(file), 'tokenizer.json');
  };

  test('are those of their words, in the text as it stands', async () => {
    const tokenizer = await make('WordPiece');
    const text = ' 😀 Kätzchen, newest snow';
    const spans = tokenizer.spans(text);
    expect(spans.map(({ word }) => word)).toEqual(tokenizer.tokens(text));
    const places = spans.map(({ word, start, end }) => [word, text.slice(start, end)]);
    expect(places).toContainEqual(['katzchen', 'Kätzchen']);
    expect(places).toContainEqual([',', ',']);
    expect(places).toContainEqual(['##n', 'snow']);
  });

  test('give the tokenizer’s own tokens for every text, each with a part of the text', async () => {
    const tokenizer = await make('WordPiece');
    const part = fc.oneof(
      fc.string({ unit: 'grapheme' }),
      fc.constantFrom(...reference.texts, '3.14', "it's"),
    );
    fc.assert(
      fc.property(fc.array(part), (parts) => {
        const text = parts.join(' ');
        const spans = tokenizer.spans(text);
        expect(spans.map(({ word }) => word)).toEqual(tokenizer.tokens(text));
        for (const { start, end } of spans) expect(text.slice(start, end)).toMatch(/^\S+$/u);
      }),
    );
  });

  test('are not known of a tokenizer that reads across words', async () => {
    const tokenizer = await make('BPE of bytes');
    expect(() => tokenizer.spans('der Hund')).toThrow(
      new DatasetError(
        'tokenizer.json: reads a text otherwise than word by word, so where its subwords stand is not known. Use a tokenizer ' +
          "that does, as BERT's WordPiece.",
      ),
    );
  });

  test('make windows for questions, which BERT takes as the tokenizer has them', async () => {
    const tokenizer = await make('WordPiece');
    const [question, context] = reference.pair;
    const asked = { id: 'q', article: '', question, context, answers: [{ text: 'Katze', start: 4 }] };
    const [{ tokens, first, spans, answer }, ...others] = answerWindows(asked, {
      longest: 100,
      subwords: tokenizer,
    });
    expect(others).toEqual([]);
    expect(tokenizer.encodeTokens(tokens, first)).toEqual(tokenizer.encodeInput(question, context));
    const found = spans.slice((answer?.start ?? 0) - first, (answer?.end ?? 0) - first);
    expect(new Set(found.map(({ start, end }) => context.slice(start, end)))).toEqual(new Set(['Katze']));
  });

  test('tokens of another vocabulary are refused', async () => {
    const tokenizer = await make('WordPiece');
    expect(() => tokenizer.encodeTokens(['der', 'Zwölftel'])).toThrow(
      'tokenizer.json: has no token "Zwölftel". Give tokens of its own vocabulary.',
    );
  });
});
