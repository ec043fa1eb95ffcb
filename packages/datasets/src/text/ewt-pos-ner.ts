import { join } from 'node:path';
import { parseConllu } from './conllu.js';
import { fileError } from './file-error.js';
import { readText } from './read-text.js';

/** A sentence whose words have a part of speech, and a tag of named entities in IOB2. */
export interface TaggedSentence {
  readonly id: string;
  readonly tokens: readonly string[];
  /** One of the 17 of Universal Dependencies a token. */
  readonly pos: readonly string[];
  readonly ner: readonly string[];
}

/**
 * English Web Treebank with gold parts of speech and named entities on the same sentences: Universal Dependencies
 * (Silveira et al. 2014) joined with Universal NER (Mayhew et al. 2024), both CC BY-SA 4.0. Treebank's dev part is
 * `train` here, its test part `test`.
 *
 * @param folder with `train.conllu` and `test.conllu`, whose last column holds `NER=` on every word.
 * @throws DatasetError when a file is missing, or not what it should be.
 */
export async function ewtPosNer(folder: string, split: 'train' | 'test'): Promise<readonly TaggedSentence[]> {
  const file = join(folder, `${split}.conllu`);
  const text = await readText(
    file,
    'It is the dev or test part of UD_English-EWT (github.com/UniversalDependencies/UD_English-EWT), with the tags of ' +
      'UNER_English-EWT (github.com/UniversalNER/UNER_English-EWT) as NER= in the last column.',
  );
  return parseConllu(text, file).map(({ id, words, lines }) => ({
    id: id ?? '',
    tokens: words.map(({ form }) => form),
    pos: words.map(({ upos }, word) => known(upos, 'no part of speech', file, lines[word])),
    ner: words.map(({ misc }, word) =>
      known(misc.get('NER'), 'no NER= in its last column', file, lines[word]),
    ),
  }));
}

function known(value: string | undefined, problem: string, file: string, line: number): string {
  if (value === undefined) throw fileError(file, line, `has ${problem}.`);
  return value;
}
