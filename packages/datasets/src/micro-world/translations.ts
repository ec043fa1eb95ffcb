import { type RandomNumbers, randomOf } from '../augment/augmentation.js';
import type { SentencePair } from '../text/parallel.js';
import {
  englishBe,
  englishClause,
  englishVerb,
  germanBe,
  germanClause,
  germanVerb,
  sentence,
} from './clauses.js';
import {
  drawAction,
  drawBeing,
  drawDifferent,
  drawPlacing,
  headOf,
  type MicroWorldOptions,
  type MicroWorldSplit,
  pick,
  splitOf,
} from './events.js';
import { adjectives, adverbs, names, sayingVerbs, transitiveVerbs } from './lexicon.js';
import { englishPhrase, englishPronoun, germanPhrase, germanPronoun, type Phrase } from './phrases.js';

/**
 * English sentences of a small world with their German translations, made by a grammar: articles and adjectives agree in
 * gender, number and case; verbs agree with subjects; German turns clauses round behind an adverb and puts verbs at the
 * end of subordinate clauses and of the perfect; what a pronoun is in German depends on a noun of the sentence before.
 * What a split says (who does what with what) is said in no other.
 *
 * @throws DatasetError when there are not so many different ones.
 */
export function microWorldTranslations({ split, count, seed }: MicroWorldOptions): SentencePair[] {
  return drawDifferent(
    count,
    (attempt) => drawPair(split, randomOf(seed, attempt, 1)),
    ({ source }) => source,
  );
}

function drawPair(split: MicroWorldSplit, random: RandomNumbers): SentencePair {
  const chance = random();
  if (chance < 0.25) return withPronoun(split, random);
  const event = random() < 0.15 ? drawPlacing(split, random) : drawAction(split, random);
  if (chance < 0.5) {
    return { source: sentence(englishClause(event)), target: sentence(germanClause(event, 'main')) };
  }
  if (chance < 0.75) {
    const [english, german] = pick(adverbs, random);
    return {
      source: sentence(`${english} ${englishClause(event)}`),
      target: sentence(`${german} ${germanClause(event, 'inverted')}`),
    };
  }
  const [english, german] = pick(sayingVerbs, random);
  const others = names.filter(({ name }) => name !== headOf(event.subject));
  const { name } = pick(others, random);
  return {
    source: sentence(`${name} ${english} that ${englishClause(event)}`),
    target: sentence(`${name} ${german}, dass ${germanClause(event, 'final')}`),
  };
}

/** Somebody does something with something; then what, or who, a pronoun stands for. */
function withPronoun(split: MicroWorldSplit, random: RandomNumbers): SentencePair {
  const { recipient: _, ...event } = drawAction(split, random);
  const { source, target } =
    random() < 0.5 ? describeObject(event.object, random) : useObject(event.object, split, random);
  return {
    source: `${sentence(englishClause(event))} ${sentence(source)}`,
    target: `${sentence(germanClause(event, 'main'))} ${sentence(target)}`,
  };
}

function describeObject(object: Phrase, random: RandomNumbers): SentencePair {
  const [english, german] = pick(adjectives, random);
  return {
    source: `${englishPronoun(object, 'nominative')} ${englishBe(object)} ${english}`,
    target: `${germanPronoun(object, 'nominative')} ${germanBe(object)} ${german}`,
  };
}

/** Who uses it, what they do and what it is are a combination of the split too. */
function useObject(object: Phrase, split: MicroWorldSplit, random: RandomNumbers): SentencePair {
  for (;;) {
    const subject = drawBeing(random);
    const verb = pick(transitiveVerbs, random);
    if (splitOf(headOf(subject), verb.english[1], headOf(object)) !== split) continue;
    const event = { subject, verb, perfect: false };
    const { finite } = germanVerb(event);
    return {
      source: `${englishPhrase(subject)} ${englishVerb(event)} ${englishPronoun(object, 'accusative')}`,
      target: `${germanPhrase(subject, 'nominative')} ${finite} ${germanPronoun(object, 'accusative')}`,
    };
  }
}
