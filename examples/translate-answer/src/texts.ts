import { join } from 'node:path';
import {
  type MicroWorldSplit,
  microWorldQuestions,
  microWorldTranslations,
  type SentencePair,
  type SquadQuestion,
} from '@espalier/datasets';
import { xquad } from '@espalier/datasets/node';

/** What is learned, or what is tested on. */
export interface Texts {
  readonly pairs: readonly SentencePair[];
  readonly questions: readonly SquadQuestion[];
}

/** A set of texts for both tasks. */
export interface TextSet {
  readonly title: string;
  /** What the figures are measured on. */
  readonly held: string;
  /** What keeps the figures low, if anything does. */
  readonly limits?: string;
  /** How many tokens of a question and its paragraph the network reads at once. */
  readonly window: number;
  read(split: 'train' | 'test', seed: number): Promise<Texts>;
}

const MICRO_TRAINED = 20_000;
const MICRO_TESTED = 500;

/** Sentences and paragraphs made by a grammar; each example is another one. */
export const microWorld = {
  title: 'a generated world',
  held: 'combinations of who does what with what that are not among those trained on',
  window: 64,
  async read(split: MicroWorldSplit, seed: number): Promise<Texts> {
    const count = split === 'train' ? MICRO_TRAINED : MICRO_TESTED;
    return {
      pairs: microWorldTranslations({ split, count, seed }),
      questions: microWorldQuestions({ split, count, seed }),
    };
  },
} satisfies TextSet;

/** Questions about paragraphs of Wikipedia, and the questions' German translations by people. */
export const xquadTexts: TextSet = {
  title: 'XQuAD',
  held: 'articles that are not among those trained on',
  limits:
    'So few texts teach neither a language nor reading: nearly a third of the German words of those questions are in none ' +
    'to learn from, and there are no pretrained weights.',
  window: 160,
  async read(split) {
    const folder = join(process.env.ESPALIER_DATA ?? 'data', 'xquad');
    const [english, german] = [await xquad(folder, 'en', split), await xquad(folder, 'de', split)];
    const translated = new Map(german.map(({ id, question }) => [id, question]));
    return {
      pairs: english.map(({ id, question }) => ({ source: question, target: translated.get(id) ?? '' })),
      questions: english,
    };
  },
};
