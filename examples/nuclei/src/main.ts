import { metricTable, runExample, writeResults } from '@espalier/example-kit';
import { compareWithSingleTasks, predict } from '@espalier/trainer';
import { testData, trainingData } from './data.js';
import { gallery } from './gallery.js';
import { compose, heads } from './network.js';
import { samples } from './pictures.js';
import { EPOCHS, recipe } from './settings.js';

const QUICK = { train: 16, test: 4 };

await runExample({
  name: 'nuclei',
  epochs: { default: EPOCHS, quick: 1 },
  async run({ engine, epochs, seed, quick, folder, keep, signal, watch }) {
    const all = { train: await samples('train'), test: await samples('test') };
    const train = quick ? all.train.slice(0, QUICK.train) : all.train;
    const test = quick ? all.test.slice(0, QUICK.test) : all.test;
    const comparison = await compareWithSingleTasks({
      heads,
      compose: (own) => compose(own, seed),
      train: trainingData(train, seed),
      test: testData(test),
      ...recipe,
      epochs,
      seed,
      watch,
      keep,
      signal,
    });

    const predictions = await predict(comparison.model, testData(test), { batchSize: recipe.batchSize });
    await writeResults(folder, comparison, {
      title: 'Nuclei: one network says what is a nucleus, and which',
      summary:
        `${epochs} epochs of ${train.length} pictures in batches of ${recipe.batchSize} on the ${engine} engine, seed ${seed}. ` +
        `Measured on ${test.length} pictures of microscope fields that no network has seen.`,
      sections: [
        { title: 'Every metric', html: metricTable(comparison.runs) },
        { title: 'Test pictures', html: await gallery(testData(test), predictions) },
      ],
    });
    return comparison;
  },
});
