import type { Gender, Noun } from './lexicon.js';

export type Case = 'nominative' | 'accusative' | 'dative';

type Article = 'definite' | 'indefinite' | 'two';

/** Somebody by name, or a noun with an article and perhaps an adjective. */
export type Phrase =
  | { readonly name: string; readonly gender: Gender }
  | {
      readonly noun: Noun;
      readonly article: Article;
      readonly adjective?: readonly [english: string, german: string] | undefined;
    };

/** One or several, and for one its gender: what verbs and pronouns agree with. */
type Agreement = Gender | 'plural';

const definite: Readonly<Record<Case, Readonly<Record<Agreement, string>>>> = {
  nominative: { m: 'der', f: 'die', n: 'das', plural: 'die' },
  accusative: { m: 'den', f: 'die', n: 'das', plural: 'die' },
  dative: { m: 'dem', f: 'der', n: 'dem', plural: 'den' },
};

const indefinite: Readonly<Record<Case, Readonly<Record<Gender, string>>>> = {
  nominative: { m: 'ein', f: 'eine', n: 'ein' },
  accusative: { m: 'einen', f: 'eine', n: 'ein' },
  dative: { m: 'einem', f: 'einer', n: 'einem' },
};

const pronouns: Readonly<Record<'nominative' | 'accusative', Readonly<Record<Agreement, string>>>> = {
  nominative: { m: 'er', f: 'sie', n: 'es', plural: 'sie' },
  accusative: { m: 'ihn', f: 'sie', n: 'es', plural: 'sie' },
};

/** Several are "two" of them: without an article in German, and so with other endings. */
function agreementOf(phrase: Phrase): Agreement {
  if ('name' in phrase) return phrase.gender;
  return phrase.article === 'two' ? 'plural' : phrase.noun.gender;
}

export function isPlural(phrase: Phrase): boolean {
  return agreementOf(phrase) === 'plural';
}

export function englishPhrase(phrase: Phrase): string {
  if ('name' in phrase) return phrase.name;
  const { noun, article, adjective } = phrase;
  const words = [...(adjective === undefined ? [] : [adjective[0]]), noun.english[isPlural(phrase) ? 1 : 0]];
  return [englishArticle(article, words[0]), ...words].join(' ');
}

function englishArticle(article: Article, next: string): string {
  if (article === 'definite') return 'the';
  if (article === 'two') return 'two';
  return /^[aeiou]/.test(next) ? 'an' : 'a';
}

export function germanPhrase(phrase: Phrase, own: Case): string {
  if ('name' in phrase) return phrase.name;
  const { noun, article, adjective } = phrase;
  const agreement = agreementOf(phrase);
  const words = adjective === undefined ? [] : [adjective[1] + endingOf(article, own, agreement)];
  return [germanArticle(article, own, agreement), ...words, germanNoun(noun, own, agreement)].join(' ');
}

function germanArticle(article: Article, own: Case, agreement: Agreement): string {
  if (article === 'two' || agreement === 'plural') return 'zwei';
  return article === 'definite' ? definite[own][agreement] : indefinite[own][agreement];
}

/** Adjectives: weak behind a definite article, mixed behind an indefinite one, strong behind none. */
function endingOf(article: Article, own: Case, agreement: Agreement): string {
  if (agreement === 'plural') return own === 'dative' ? 'en' : 'e';
  if (own === 'dative' || (own === 'accusative' && agreement === 'm')) return 'en';
  if (article === 'definite') return 'e';
  return { m: 'er', f: 'e', n: 'es' }[agreement];
}

/** In the dative plural, nouns end in n. */
function germanNoun({ german }: Noun, own: Case, agreement: Agreement): string {
  if (agreement !== 'plural') return german[0];
  return own === 'dative' && !german[1].endsWith('n') ? `${german[1]}n` : german[1];
}

export function englishPronoun(phrase: Phrase, own: 'nominative' | 'accusative'): string {
  const isSubject = own === 'nominative';
  if (isPlural(phrase)) return isSubject ? 'they' : 'them';
  if (!('name' in phrase)) return 'it';
  if (phrase.gender === 'f') return isSubject ? 'she' : 'her';
  return isSubject ? 'he' : 'him';
}

export function germanPronoun(phrase: Phrase, own: 'nominative' | 'accusative'): string {
  return pronouns[own][agreementOf(phrase)];
}

/** "in the garden", with the preposition and the article in one word. */
export function germanPlace({ german, gender }: Noun): string {
  return `${gender === 'f' ? 'in der' : 'im'} ${german[0]}`;
}

export function englishPlace({ english }: Noun): string {
  return `in the ${english[0]}`;
}
