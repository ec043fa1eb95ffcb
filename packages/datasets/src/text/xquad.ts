import { join } from 'node:path';
import { readText } from './read-text.js';
import { parseSquad, type SquadQuestion } from './squad.js';

export type XquadLanguage = 'en' | 'de' | 'es';

/** One article in so many is for testing. */
const TEST_STRIDE = 5;

/**
 * XQuAD: 1,190 questions about 240 paragraphs of SQuAD 1.1, translated by people; the questions of all languages have the
 * same ids in the same order. M. Artetxe, S. Ruder, D. Yogatama, "On the Cross-lingual Transferability of Monolingual
 * Representations", ACL 2020; CC BY-SA 4.0. It has no official parts to train on: here every fifth article is `test`.
 *
 * @param folder with a file `<language>.json` each.
 * @throws DatasetError when a file is missing, or not what it should be.
 */
export async function xquad(
  folder: string,
  language: XquadLanguage,
  split: 'train' | 'test',
): Promise<readonly SquadQuestion[]> {
  const file = join(folder, `${language}.json`);
  const text = await readText(file, `It is xquad.${language}.json of github.com/google-deepmind/xquad.`);
  return parseSquad(text, file, (article) => (article % TEST_STRIDE === 0) === (split === 'test'));
}
