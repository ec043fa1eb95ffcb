import type { RandomNumbers } from '../augment/augmentation.js';
import { DatasetError } from '../errors.js';
import type { Action, Placing } from './clauses.js';
import {
  adjectives,
  beings,
  givingVerbs,
  type Noun,
  names,
  places,
  things,
  transitiveVerbs,
} from './lexicon.js';
import type { Phrase } from './phrases.js';

/** The parts of the micro-world, which have no combination of who, what is done, and what with in common. */
export type MicroWorldSplit = 'train' | 'validation' | 'test';

export interface MicroWorldOptions {
  readonly split: MicroWorldSplit;
  /** How many examples there are, all different. */
  readonly count: number;
  readonly seed: number;
}

export function pick<T>(list: readonly T[], random: RandomNumbers): T {
  return list[Math.floor(random() * list.length)];
}

/** Somebody who does something: half of them by name. */
export function drawBeing(random: RandomNumbers): Phrase {
  return random() < 0.5 ? pick(names, random) : drawNoun(beings, random);
}

function drawNoun(nouns: readonly Noun[], random: RandomNumbers): Phrase {
  const chance = random();
  return {
    noun: pick(nouns, random),
    article: chance < 0.55 ? 'definite' : chance < 0.8 ? 'indefinite' : 'two',
    adjective: random() < 0.4 ? pick(adjectives, random) : undefined,
  };
}

/** Somebody does something with something; this combination belongs to the split. */
export function drawAction(split: MicroWorldSplit, random: RandomNumbers): Action {
  for (;;) {
    const isGiving = random() < 0.3;
    const event = {
      subject: drawBeing(random),
      verb: pick(isGiving ? givingVerbs : transitiveVerbs, random),
      object: drawNoun(things, random),
      perfect: random() < 0.35,
    };
    if (splitOf(headOf(event.subject), event.verb.english[1], headOf(event.object)) !== split) continue;
    if (!isGiving) return event;
    const recipient = drawBeing(random);
    if (headOf(recipient) !== headOf(event.subject)) return { ...event, recipient };
  }
}

/** Somebody is somewhere; this combination belongs to the split. */
export function drawPlacing(split: MicroWorldSplit, random: RandomNumbers): Placing {
  for (;;) {
    const event = { subject: drawBeing(random), place: pick(places, random) };
    if (splitOf(headOf(event.subject), 'be', event.place.english[0]) === split) return event;
  }
}

/** The word that says who or what it is. */
export function headOf(phrase: Phrase): string {
  return 'name' in phrase ? phrase.name : phrase.noun.english[0];
}

/** Of ten combinations seven are for training. The same on every machine, whatever the seed. */
export function splitOf(...combination: readonly string[]): MicroWorldSplit {
  let hash = 0x811c9dc5;
  for (const character of combination.join(' ')) hash = Math.imul(hash ^ character.charCodeAt(0), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d);
  const tenth = ((hash ^ (hash >>> 12)) >>> 0) % 10;
  return tenth < 7 ? 'train' : tenth < 8 ? 'validation' : 'test';
}

/** How many times as many are drawn before it is said that there are not so many different ones. */
const PATIENCE = 50;

/**
 * Different examples, by what makes them different.
 *
 * @throws DatasetError when `count` is no whole number from 1, or more than there are.
 */
export function drawDifferent<T>(
  count: number,
  draw: (attempt: number) => T,
  keyOf: (value: T) => string,
): T[] {
  if (!Number.isInteger(count) || count < 1) {
    throw new DatasetError(`A micro-world needs a whole number of examples from 1; found ${count}.`);
  }
  const found = new Map<string, T>();
  for (let attempt = 0; found.size < count; attempt++) {
    if (attempt > PATIENCE * count) {
      throw new DatasetError(`The micro-world has no ${count} different examples; ${found.size} were found.`);
    }
    const value = draw(attempt);
    const key = keyOf(value);
    if (!found.has(key)) found.set(key, value);
  }
  return [...found.values()];
}
