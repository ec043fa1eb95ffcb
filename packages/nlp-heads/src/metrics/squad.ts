/** How well answers agree with those that people gave, from 0 to 1. */
export interface AnswerScores {
  /** The share of answers that equal one of the right ones, but for case, punctuation and articles. */
  readonly exactMatch: number;
  /** The mean F1 of the words that an answer has in common with the right one that is closest. */
  readonly f1: number;
}

/**
 * Exact match and F1 of short answers, by the rules of the SQuAD 1.1 and 2.0 scripts; a question without an answer has
 * the right answer `''`, or none.
 *
 * P. Rajpurkar et al., "SQuAD", EMNLP 2016, section 6.1; for questions without an answer "Know What You Don't Know",
 * ACL 2018.
 */
export function answerScores(
  predictions: readonly string[],
  answers: readonly (readonly string[])[],
): AnswerScores {
  let [exact, overlap] = [0, 0];
  for (const [question, prediction] of predictions.entries()) {
    const own = normalizeAnswer(prediction);
    const named = answers[question].map(normalizeAnswer).filter((answer) => answer !== '');
    const right = named.length > 0 ? named : [''];
    exact += Number(right.includes(own));
    overlap += Math.max(...right.map((answer) => wordF1(own, answer)));
  }
  return { exactMatch: exact / predictions.length, f1: overlap / predictions.length };
}

/** In lower case, without ASCII punctuation, English articles and superfluous white space. */
function normalizeAnswer(text: string): string {
  return text
    .toLowerCase()
    .replace(/[!-/:-@[-`{-~]/g, '')
    .replace(/(?<![\p{L}\p{N}_])(a|an|the)(?![\p{L}\p{N}_])/gu, ' ')
    .split(/\s+/)
    .filter((word) => word !== '')
    .join(' ');
}

function wordF1(prediction: string, answer: string): number {
  if (prediction === '' || answer === '') return Number(prediction === answer);
  const words = prediction.split(' ');
  const left = answer.split(' ');
  const length = words.length + left.length;
  let common = 0;
  for (const word of words) {
    const place = left.indexOf(word);
    if (place < 0) continue;
    left.splice(place, 1);
    common++;
  }
  return (2 * common) / length;
}
