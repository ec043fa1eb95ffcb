import {
  answerWindows,
  DatasetError,
  microWorldQuestions,
  microWorldTranslations,
  type SquadQuestion,
  splitWords,
  wordCodec,
} from '@espalier/datasets';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Event } from '../src/micro-world/clauses.js';
import { englishClause, germanClause } from '../src/micro-world/clauses.js';
import { givingVerbs, type Noun, things, transitiveVerbs } from '../src/micro-world/lexicon.js';
import { germanPronoun, type Phrase } from '../src/micro-world/phrases.js';

const sizes = { count: 300, seed: 4 };

describe('the grammar', () => {
  const anna: Phrase = { name: 'Anna', gender: 'f' };
  const [ball, lamp, book] = things;
  const of = (noun: Noun, article: 'definite' | 'indefinite' | 'two', isOld = false): Phrase => ({
    noun,
    article,
    adjective: isOld ? ['old', 'alt'] : undefined,
  });
  const sees = (subject: Phrase, object: Phrase, perfect = false): Event => ({
    subject,
    verb: transitiveVerbs[0],
    object,
    perfect,
  });

  test.each([
    [sees(anna, of(ball, 'definite')), 'Anna sees the ball', 'Anna sieht den Ball'],
    [sees(anna, of(ball, 'indefinite', true)), 'Anna sees an old ball', 'Anna sieht einen alten Ball'],
    [sees(anna, of(lamp, 'indefinite', true)), 'Anna sees an old lamp', 'Anna sieht eine alte Lampe'],
    [sees(anna, of(book, 'indefinite', true)), 'Anna sees an old book', 'Anna sieht ein altes Buch'],
    [sees(anna, of(book, 'definite', true)), 'Anna sees the old book', 'Anna sieht das alte Buch'],
    [
      sees(of(ball, 'two'), of(lamp, 'two', true)),
      'two balls see two old lamps',
      'zwei Bälle sehen zwei alte Lampen',
    ],
    [sees(of(ball, 'two'), anna, true), 'two balls have seen Anna', 'zwei Bälle haben Anna gesehen'],
    [sees(of(ball, 'indefinite', true), anna), 'an old ball sees Anna', 'ein alter Ball sieht Anna'],
  ])('%#: articles, endings and verbs agree', (event, english, german) => {
    expect(englishClause(event)).toBe(english);
    expect(germanClause(event, 'main')).toBe(german);
  });

  test('verbs stand second, in front, or at the end; who gets something stands in front of it', () => {
    const gives: Event = {
      subject: anna,
      verb: givingVerbs[0],
      object: of(ball, 'definite'),
      recipient: of(book, 'two', true),
      perfect: true,
    };
    expect(englishClause(gives)).toBe('Anna has given the ball to two old books');
    expect(germanClause(gives, 'main')).toBe('Anna hat zwei alten Büchern den Ball gegeben');
    expect(germanClause(gives, 'inverted')).toBe('hat Anna zwei alten Büchern den Ball gegeben');
    expect(germanClause(gives, 'final')).toBe('Anna zwei alten Büchern den Ball gegeben hat');
  });

  test('pronouns have the gender of their noun', () => {
    const all = [ball, lamp, book].map((noun) => germanPronoun(of(noun, 'definite'), 'accusative'));
    expect(all).toEqual(['ihn', 'sie', 'es']);
    expect(germanPronoun(of(ball, 'two'), 'nominative')).toBe('sie');
  });
});

describe('translations of the micro-world', () => {
  test('are different, the same for a seed, and others for another', () => {
    const pairs = microWorldTranslations({ split: 'train', ...sizes });
    expect(new Set(pairs.map(({ source }) => source)).size).toBe(sizes.count);
    expect(microWorldTranslations({ split: 'train', ...sizes })).toEqual(pairs);
    expect(microWorldTranslations({ split: 'train', ...sizes, seed: 5 })).not.toEqual(pairs);
  });

  test('say in a split what no other says, in words that training has', () => {
    const [train, held] = (['train', 'test'] as const).map((split) =>
      microWorldTranslations({ split, count: 4000, seed: 4 }),
    );
    const combinations = (pairs: typeof train) =>
      new Set(
        pairs.flatMap(({ source }) => {
          const simple = /^(?:The|A|An) (dog|cat|horse|king) (sees|carries|finds) (?:the|a|an) (\w+)\.$/.exec(
            source,
          );
          return simple === null ? [] : [simple.slice(1).join(' ')];
        }),
      );
    const [known, other] = [combinations(train), combinations(held)];
    expect(other.size).toBeGreaterThan(5);
    expect([...other].filter((own) => known.has(own))).toEqual([]);
    const words = new Set(train.flatMap(({ source, target }) => splitWords(`${source} ${target}`)));
    const unknown = held
      .flatMap(({ source, target }) => splitWords(`${source} ${target}`))
      .filter((word) => !words.has(word));
    expect(unknown).toEqual([]);
  });

  test('are refused where there are not so many', () => {
    expect(() => microWorldTranslations({ split: 'train', count: 0, seed: 1 })).toThrow(DatasetError);
    expect(() => microWorldTranslations({ split: 'train', count: 1.5, seed: 1 })).toThrow(
      /from 1; found 1\.5/,
    );
  });
});

describe('questions of the micro-world', () => {
  const questions = microWorldQuestions({ split: 'validation', ...sizes });

  test('have their answers where they are said to be, and some have none', () => {
    for (const { context, answers } of questions) {
      for (const { text, start } of answers) expect(context.slice(start, start + text.length)).toBe(text);
    }
    const none = questions.filter(({ answers }) => answers.length === 0).length / questions.length;
    expect(none).toBeGreaterThan(0.08);
    expect(none).toBeLessThan(0.25);
  });

  test('ask about one of the facts', () => {
    for (const { question, context, answers } of questions) {
      const [, thing] = /^Who .* the (\w+)\?$/.exec(question) ?? [];
      if (thing === undefined || answers.length === 0) continue;
      const sentence = context.split(/(?<=\.) /).find((own) => own.includes(answers[0].text))!;
      expect(sentence).toContain(` ${thing}`);
    }
  });
});

describe('a codec of words', () => {
  const codec = wordCodec(['Anna weiß, dass Ben (der alte) geht.', 'Geht Ben?']);

  test('writes what it has read', () => {
    for (const text of ['Anna weiß, dass Ben (der alte) geht.', 'Ben, Anna. Geht?']) {
      expect(codec.decode(codec.encode(text))).toBe(text);
    }
    expect(codec.decode(codec.encode('Anna geht heute.'))).toBe('Anna geht ⁇.');
    expect(Math.max(...codec.encode('Anna weiß, dass Ben (der alte) geht. Geht Ben?'))).toBe(codec.size);
  });
});

describe('windows over a paragraph', () => {
  const question = (context: string, answer?: string): SquadQuestion => ({
    id: 'q',
    article: '',
    question: 'Who is it?',
    context,
    answers: answer === undefined ? [] : [{ text: answer, start: context.indexOf(answer) }],
  });

  test('of a short one are one, with its answer', () => {
    const [window, ...others] = answerWindows(question('It is Ann Lee, 😀 here.', 'Ann Lee'), {
      longest: 20,
    });
    expect(others).toEqual([]);
    expect(window.tokens.slice(0, 8)).toEqual(['[CLS]', 'Who', 'is', 'it', '?', '[SEP]', 'It', 'is']);
    expect(window.answer).toEqual({ start: 8, end: 10 });
    expect(window.tokens.slice(8, 10)).toEqual(['Ann', 'Lee']);
  });

  test('have every token of the paragraph, and the answer wherever it is whole', () => {
    const contexts = fc.array(fc.constantFrom('a', 'bc', 'd😀', '.'), { minLength: 1, maxLength: 30 });
    fc.assert(
      fc.property(
        contexts,
        fc.nat(29),
        fc.nat(3),
        fc.integer({ min: 2, max: 6 }),
        (words, from, more, room) => {
          const context = words.join(' ');
          const start = Math.min(from, words.length - 1);
          const answer = words.slice(start, start + 1 + more).join(' ');
          const place = words.slice(0, start).join(' ').length + (start === 0 ? 0 : 1);
          const asked = { ...question(context), answers: [{ text: answer, start: place }] };
          const windows = answerWindows(asked, { longest: 6 + room, overlap: 1 });
          const read = new Set(windows.flatMap(({ spans }) => spans.map((span) => span.start)));
          const [whole] = answerWindows(asked, { longest: 200 });
          expect([...read].sort((a, b) => a - b)).toEqual(whole.spans.map((span) => span.start));
          for (const { tokens, first, spans, answer: found } of windows) {
            expect(tokens.length).toBeLessThanOrEqual(6 + room);
            if (found === null) continue;
            const text = context.slice(spans[found.start - first].start, spans[found.end - first - 1].end);
            expect(text).toBe(answer);
          }
          expect(whole.answer).not.toBeNull();
        },
      ),
      { numRuns: 100 },
    );
  });

  test('are refused where the question leaves no room', () => {
    expect(() => answerWindows(question('a b c'), { longest: 7 })).toThrow(
      /Question "q" has 4 tokens: windows of 7, 1 of them in common, have no room/,
    );
  });
});
