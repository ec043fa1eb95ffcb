import { join } from 'node:path';
import { tokenFeatures } from '@espalier/datasets';
import { vaderTexts } from '@espalier/datasets/node';
import { runExample, writeResults } from '@espalier/example-kit';
import { sum } from '@espalier/losses';
import { adamW, byLength, compareWithSingleTasks, predict, warmupCosine } from '@espalier/trainer';
import { bySource, gallery } from './gallery.js';
import { compose, heads } from './network.js';
import { labelled, readTexts } from './texts.js';

const BATCH_SIZE = 64;
const PEAK_LEARNING_RATE = 3e-3;
const SHOWN_TEXTS = 30;
/** A quick run has every so manieth text. */
const QUICK_STRIDE = 12;

await runExample({
  name: 'reviews',
  epochs: { default: 6, quick: 2 },
  async run({ engine, epochs, seed, quick, folder, keep, signal, watch }) {
    const source = join(process.env.ESPALIER_DATA ?? 'data', 'vader-texts');
    const read = async (split: 'train' | 'test') => {
      const texts = await vaderTexts(source, split);
      return readTexts(quick ? texts.filter((_, index) => index % QUICK_STRIDE === 0) : texts);
    };
    const texts = await read('train');
    const tested = await read('test');
    const features = tokenFeatures(
      texts.map(({ tokens }) => tokens),
      { characters: 0 },
    );
    const train = labelled(texts, features);
    const test = labelled(tested, features);
    const comparison = await compareWithSingleTasks({
      heads,
      compose: (own) => compose(own, features, seed),
      train,
      test,
      epochs,
      batchSize: BATCH_SIZE,
      sampler: byLength,
      schedule: warmupCosine(PEAK_LEARNING_RATE),
      optimizer: adamW(),
      weighting: sum(),
      seed,
      watch,
      keep,
      signal,
    });

    const predictions = await predict(comparison.model, test, { batchSize: BATCH_SIZE });
    const step = Math.max(Math.floor(tested.length / SHOWN_TEXTS), 1);
    const isShown = (_: unknown, index: number) => index % step === 0;
    const shown = {
      source: predictions.source.filter(isShown),
      sentiment: predictions.sentiment.filter(isShown),
    };
    for (const { name, evaluation } of comparison.runs) console.log(`${name}: ${JSON.stringify(evaluation)}`);
    await writeResults(folder, comparison, {
      title: 'Reviews: one network says where a text is from and how it feels',
      summary:
        `${epochs} epochs of ${train.length} texts with human ratings, in batches of ${BATCH_SIZE} on the ${engine} ` +
        `engine, seed ${seed}; no pretrained weights. Measured on ${test.length} texts of other documents.`,
      sections: [
        { title: 'By source', html: bySource(tested, predictions) },
        { title: 'Test texts', html: gallery(tested.filter(isShown), shown) },
      ],
    });
    return comparison;
  },
});
