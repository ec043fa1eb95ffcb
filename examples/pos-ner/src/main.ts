import { runExample, writeResults } from '@espalier/example-kit';
import { compareWithSingleTasks, predict } from '@espalier/trainer';
import { gallery } from './gallery.js';
import { compose, heads } from './network.js';
import { byLength, labelled, readSentences } from './sentences.js';
import { EPOCHS, recipe } from './settings.js';
import { wordsOf } from './words.js';

const SHOWN_SENTENCES = 40;
/** A quick run has short sentences only, whose programs are made in no time. */
const QUICK_LENGTH = 12;

await runExample({
  name: 'pos-ner',
  epochs: { default: EPOCHS, quick: 2 },
  vectors: true,
  async run({ engine, epochs, seed, quick, vectors, folder, keep, signal, watch }) {
    const read = async (split: 'train' | 'test') => {
      const sentences = await readSentences(split);
      return quick
        ? sentences.filter(({ tokens }) => tokens.length <= QUICK_LENGTH).slice(0, 300)
        : sentences;
    };
    const sentences = await read('train');
    const tested = byLength(await read('test'));
    const words = await wordsOf(sentences, tested, vectors);
    const { features } = words;
    const train = labelled(sentences, features);
    const test = labelled(tested, features);
    const comparison = await compareWithSingleTasks({
      heads,
      compose: (own) => compose(own, words, seed),
      train,
      test,
      ...recipe,
      epochs,
      seed,
      watch,
      keep,
      signal,
    });

    const step = Math.max(Math.floor(tested.length / SHOWN_SENTENCES), 1);
    const shown = tested.filter((_, index) => index % step === 0).slice(-SHOWN_SENTENCES);
    const predictions = await predict(comparison.model, labelled(shown, features), {
      batchSize: recipe.batchSize,
    });
    await writeResults(folder, comparison, {
      title: 'Parts of speech and named entities: one network tags both',
      summary:
        `${epochs} epochs of ${train.length} sentences of the English Web Treebank, in batches of ${recipe.batchSize} on the ` +
        `${engine} engine, seed ${seed}; ${words.pretrained === undefined ? 'no pretrained weights' : `${words.pretrained.size} words begin with vectors learned elsewhere`}. Measured on ${test.length} test sentences.`,
      sections: [{ title: 'Test sentences', html: gallery(shown, predictions) }],
    });
    return comparison;
  },
});
