import { type RandomNumbers, randomOf } from '../augment/augmentation.js';
import type { SquadQuestion } from '../text/squad.js';
import { type Event, englishBe, englishClause, englishHave, englishVerb, sentence } from './clauses.js';
import {
  drawAction,
  drawDifferent,
  drawPlacing,
  headOf,
  type MicroWorldOptions,
  type MicroWorldSplit,
  pick,
} from './events.js';
import { englishPhrase, isPlural, type Phrase } from './phrases.js';

/** A question, and the part of its event's sentence that answers it. */
interface Asked {
  readonly question: string;
  readonly answer: string;
}

const FACTS = [2, 3, 4];
/** The share of questions about something that the paragraph does not say. */
const UNANSWERABLE = 0.15;

/**
 * Questions about paragraphs of two to four facts of the small world of `microWorldTranslations`, in English, as in SQuAD
 * 2.0: the answer is a part of the paragraph, and some have none. What a split says is said in no other.
 *
 * @throws DatasetError when there are not so many different ones.
 */
export function microWorldQuestions({ split, count, seed }: MicroWorldOptions): SquadQuestion[] {
  return drawDifferent(
    count,
    (attempt) => drawQuestion(split, randomOf(seed, attempt, 2)),
    ({ context, question }) => `${context} ${question}`,
  ).map((drawn, index) => ({ ...drawn, id: `${split}-${index}`, article: 'micro-world' }));
}

function drawQuestion(split: MicroWorldSplit, random: RandomNumbers) {
  const facts = drawFacts(split, pick(FACTS, random), random);
  const sentences = facts.map((fact) => sentence(englishClause(fact)));
  const context = sentences.join(' ');
  const place = Math.floor(random() * facts.length);
  if (random() < UNANSWERABLE) {
    const missing = drawFact(split, facts, random);
    return { context, question: ask(missing, random).question, answers: [] };
  }
  const { question, answer } = ask(facts[place], random);
  const before = sentences.slice(0, place).reduce((sum, own) => sum + own.length + 1, 0);
  // At the beginning of a sentence an article has a capital.
  const start = before + sentences[place].toLowerCase().indexOf(answer.toLowerCase());
  return { context, question, answers: [{ text: context.slice(start, start + answer.length), start }] };
}

/** Facts about different ones, so that a question has one answer. */
function drawFacts(split: MicroWorldSplit, count: number, random: RandomNumbers): Event[] {
  const facts: Event[] = [];
  while (facts.length < count) facts.push(drawFact(split, facts, random));
  return facts;
}

function drawFact(split: MicroWorldSplit, others: readonly Event[], random: RandomNumbers): Event {
  const known = new Set(others.flatMap(partsOf).map(headOf));
  for (;;) {
    const fact = random() < 0.25 ? drawPlacing(split, random) : drawAction(split, random);
    if (partsOf(fact).every((part) => !known.has(headOf(part)))) return fact;
  }
}

function partsOf(event: Event): Phrase[] {
  if ('place' in event) return [event.subject];
  return [event.subject, event.object, ...(event.recipient === undefined ? [] : [event.recipient])];
}

function ask(event: Event, random: RandomNumbers): Asked {
  const subject = spoken(event.subject);
  if ('place' in event) {
    return {
      question: sentence(`where ${englishBe(event.subject)} ${subject}`, '?'),
      answer: `the ${event.place.english[0]}`,
    };
  }
  const { verb, perfect, recipient } = event;
  const object = spoken(event.object);
  const help = perfect ? englishHave(event.subject) : isPlural(event.subject) ? 'do' : 'does';
  const form = verb.english[perfect ? 2 : 1];
  const to = recipient === undefined ? '' : ` to ${spoken(recipient)}`;
  const one = { ...event, subject: { name: 'who', gender: 'm' as const } };
  const kinds = [
    {
      question: `who ${englishVerb(one)} ${object}${to}`,
      answer: englishPhrase(event.subject),
    },
    { question: `what ${help} ${subject} ${form}${to}`, answer: englishPhrase(event.object) },
    ...(recipient === undefined
      ? []
      : [
          {
            question: `to whom ${help} ${subject} ${form} ${object}`,
            answer: englishPhrase(recipient),
          },
        ]),
  ];
  const { question, answer } = pick(kinds, random);
  return { question: sentence(question, '?'), answer };
}

/** As something that is known already: "a red ball" is "the red ball" in a question. */
function spoken(phrase: Phrase): string {
  if ('name' in phrase || phrase.article !== 'indefinite') return englishPhrase(phrase);
  return englishPhrase({ ...phrase, article: 'definite' });
}
