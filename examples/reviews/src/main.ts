import { tokenFeatures } from '@espalier/datasets';
import { metricTable, runExample, writeResults } from '@espalier/example-kit';
import { compareWithSingleTasks, predict } from '@espalier/trainer';
import { bySource, gallery } from './gallery.js';
import { linearOverTfIdf } from './linear-over-tf-idf.js';
import { compose, heads, SUBWORDS } from './network.js';
import { EPOCHS, recipe } from './settings.js';
import { labelled, ratedTexts, readTexts } from './texts.js';

const SHOWN_TEXTS = 30;
/** A quick run has every so manieth text. */
const QUICK_STRIDE = 12;
/** And of a text so many words: a step is traced for every length. */
const QUICK_TOKENS = 16;

await runExample({
  name: 'reviews',
  epochs: { default: EPOCHS, quick: 2 },
  async run({ engine, epochs, seed, quick, folder, keep, signal, watch }) {
    const read = async (split: 'train' | 'test') => {
      const texts = await ratedTexts(split);
      return quick
        ? readTexts(
            texts.filter((_, index) => index % QUICK_STRIDE === 0),
            QUICK_TOKENS,
          )
        : readTexts(texts);
    };
    const texts = await read('train');
    const tested = await read('test');
    const features = tokenFeatures(
      texts.map(({ tokens }) => tokens),
      { subwords: SUBWORDS },
    );
    const train = labelled(texts, features);
    const test = labelled(tested, features);
    const comparison = await compareWithSingleTasks({
      heads,
      compose: (own) => compose(own, features, seed),
      train,
      test,
      ...recipe,
      epochs,
      seed,
      watch,
      keep,
      signal,
    });

    const predictions = await predict(comparison.model, test, { batchSize: recipe.batchSize });
    const step = Math.max(Math.floor(tested.length / SHOWN_TEXTS), 1);
    const isShown = (_: unknown, index: number) => index % step === 0;
    const shown = {
      source: predictions.source.filter(isShown),
      sentiment: predictions.sentiment.filter(isShown),
    };
    const linear = await linearOverTfIdf(texts, tested);
    const networks = [...comparison.runs, { name: 'linear over TF-IDF', evaluation: linear }];
    for (const { name, evaluation } of networks) console.log(`${name}: ${JSON.stringify(evaluation)}`);
    await writeResults(folder, comparison, {
      title: 'Reviews: one network says where a text is from and how it feels',
      summary:
        `${epochs} epochs of ${train.length} texts with human ratings, in batches of ${recipe.batchSize} on the ${engine} ` +
        `engine, seed ${seed}; no pretrained weights. Measured on ${test.length} texts of other documents.`,
      sections: [
        { title: 'Every metric', html: metricTable(networks) },
        { title: 'By source', html: bySource(tested, predictions) },
        { title: 'Test texts', html: gallery(tested.filter(isShown), shown) },
      ],
    });
    return comparison;
  },
});
