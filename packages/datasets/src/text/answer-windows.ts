import { DatasetError } from '../errors.js';
import { normalizeText, type WordSpan, wordSpans } from './normalize.js';
import type { SquadQuestion } from './squad.js';
import type { SubwordTokenizer } from './subword-tokenizer.js';

export interface AnswerWindowOptions {
  /** How many tokens a window has at most, those of the question included. */
  readonly longest: number;
  /** How many tokens of the paragraph a window has in common with the next; a quarter of `longest` unless given. */
  readonly overlap?: number;
  /** Reads texts as subwords, as for BERT; unless given, a token is a word. */
  readonly subwords?: Pick<SubwordTokenizer, 'spans'>;
}

/** A question with a part of its paragraph, as tokens: `[CLS]`, the question, `[SEP]`, the part; of subwords `[SEP]` again. */
export interface AnswerWindow {
  readonly tokens: readonly string[];
  /** Which of the tokens is the paragraph's first. */
  readonly first: number;
  /** Where those from `first` on stand in the paragraph; a subword has the place of its word. */
  readonly spans: readonly WordSpan[];
  /** Which tokens are the first of the right answers, `end` behind the last; null where the window does not hold it. */
  readonly answer: { readonly start: number; readonly end: number } | null;
}

/**
 * Windows over a paragraph for its question, which together hold all of it; of a short one a single window.
 *
 * @throws DatasetError when `longest` leaves no room for the paragraph beside the question.
 */
export function answerWindows(
  { id, question, context, answers }: SquadQuestion,
  { longest, overlap = Math.floor(longest / 4), subwords }: AnswerWindowOptions,
): AnswerWindow[] {
  const read = subwords === undefined ? words : (text: string) => subwords.spans(text);
  const asked = read(question).map(({ word }) => word);
  const spans = read(context);
  const end = subwords === undefined ? [] : ['[SEP]'];
  const room = longest - asked.length - 2 - end.length;
  const stride = room - overlap;
  if (stride < 1) {
    throw new DatasetError(
      `Question "${id}" has ${asked.length} tokens: windows of ${longest}, ${overlap} of them in common, have no room for ` +
        'its paragraph. Make them longer.',
    );
  }
  const first = asked.length + 2;
  const count = Math.max(1, Math.ceil((spans.length - overlap) / stride));
  return Array.from({ length: count }, (_, window) => {
    const own = spans.slice(window * stride, window * stride + room);
    return {
      tokens: ['[CLS]', ...asked, '[SEP]', ...own.map(({ word }) => word), ...end],
      first,
      spans: own,
      answer: answers.length === 0 ? null : placeOf(answers[0], own, first),
    };
  });
}

function words(text: string): WordSpan[] {
  return wordSpans(text).map((span) => ({ ...span, word: normalizeText(span.word) }));
}

/** The tokens that an answer touches, if all of it is there. */
function placeOf(
  { text, start }: SquadQuestion['answers'][number],
  spans: readonly WordSpan[],
  first: number,
): AnswerWindow['answer'] {
  const end = start + text.length;
  const places = spans.flatMap((span, place) => (span.start < end && span.end > start ? [place] : []));
  if (places.length === 0) return null;
  const [begin, last] = [places[0], places[places.length - 1]];
  if (spans[begin].start > start || spans[last].end < end) return null;
  return { start: first + begin, end: first + last + 1 };
}
