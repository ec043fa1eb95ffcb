import type { Noun, Verb } from './lexicon.js';
import { englishPhrase, englishPlace, germanPhrase, germanPlace, isPlural, type Phrase } from './phrases.js';

/** What the form of a verb depends on. */
interface Predicate {
  readonly subject: Phrase;
  readonly verb: Verb;
  /** Whether it has happened already. */
  readonly perfect: boolean;
}

/** Someone does something with something, perhaps for somebody. */
export interface Action extends Predicate {
  readonly object: Phrase;
  readonly recipient?: Phrase;
}

/** Someone is somewhere. */
export interface Placing {
  readonly subject: Phrase;
  readonly place: Noun;
}

/** What happens. */
export type Event = Action | Placing;

/** The parts of an English clause, in their order. */
export function englishClause(event: Event): string {
  const subject = englishPhrase(event.subject);
  if ('place' in event) return `${subject} ${englishBe(event.subject)} ${englishPlace(event.place)}`;
  const recipient = event.recipient === undefined ? [] : ['to', englishPhrase(event.recipient)];
  return [subject, englishVerb(event), englishPhrase(event.object), ...recipient].join(' ');
}

export function englishBe(subject: Phrase): string {
  return isPlural(subject) ? 'are' : 'is';
}

export function englishHave(subject: Phrase): string {
  return isPlural(subject) ? 'have' : 'has';
}

/** The verb as it agrees with the subject. */
export function englishVerb({ subject, verb, perfect }: Predicate): string {
  const [singular, base, participle] = verb.english;
  if (perfect) return `${englishHave(subject)} ${participle}`;
  return isPlural(subject) ? base : singular;
}

/** Where the finite verb of a German clause stands: second, in front of the subject, or at the end. */
export type Order = 'main' | 'inverted' | 'final';

export function germanClause(event: Event, order: Order): string {
  const subject = germanPhrase(event.subject, 'nominative');
  const { finite, middle, end } = germanParts(event);
  const words = {
    main: [subject, finite, ...middle, ...end],
    inverted: [finite, subject, ...middle, ...end],
    final: [subject, ...middle, ...end, finite],
  };
  return words[order].join(' ');
}

/** What stands between the two parts of a verb, the recipient in front of what it gets. */
function germanParts(event: Event) {
  if ('place' in event) {
    return { finite: germanBe(event.subject), middle: [germanPlace(event.place)], end: [] };
  }
  const recipient = event.recipient === undefined ? [] : [germanPhrase(event.recipient, 'dative')];
  return {
    ...germanVerb(event),
    middle: [...recipient, germanPhrase(event.object, 'accusative')],
  };
}

export function germanBe(subject: Phrase): string {
  return isPlural(subject) ? 'sind' : 'ist';
}

/** The verb as it agrees with the subject, and what of it stands at the end. */
export function germanVerb({ subject, verb, perfect }: Predicate): {
  readonly finite: string;
  readonly end: readonly string[];
} {
  const [singular, plural, participle] = verb.german;
  if (perfect) return { finite: isPlural(subject) ? 'haben' : 'hat', end: [participle] };
  return { finite: isPlural(subject) ? plural : singular, end: [] };
}

/** A sentence: with a capital at its beginning, and its mark. */
export function sentence(words: string, mark = '.'): string {
  return `${words[0].toUpperCase()}${words.slice(1)}${mark}`;
}
