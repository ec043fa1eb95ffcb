import { runExample, writeResults } from '@espalier/example-kit';
import { sum } from '@espalier/losses';
import { adamW, compareWithSingleTasks, predict, warmupCosine } from '@espalier/trainer';
import { movedExamples, plainExamples } from './examples.js';
import { mistakes } from './mistakes.js';
import { compose, heads } from './network.js';
import { isTest, readRecordings, recordingsFolder } from './recordings.js';
import { settings } from './settings.js';

const { batchSize, peakLearningRate, weightDecay } = settings;

await runExample({
  name: 'spoken-digits',
  epochs: { default: settings.epochs, quick: 2 },
  async run({ engine, epochs, seed, quick, folder, keep, signal, watch }) {
    const recordings = await readRecordings(recordingsFolder());
    const learned = recordings.filter((recording) => !isTest(recording));
    const tested = recordings.filter(isTest);
    const train = movedExamples(quick ? learned.filter((_, index) => index % 3 === 0) : learned, seed);
    const test = plainExamples(tested);
    const comparison = await compareWithSingleTasks({
      heads,
      compose: (own) => compose(own, seed),
      train,
      test,
      epochs,
      batchSize,
      schedule: warmupCosine(peakLearningRate),
      optimizer: adamW({ weightDecay }),
      weighting: sum(),
      seed,
      watch,
      keep,
      signal,
    });

    const predictions = await predict(comparison.model, test, { batchSize: 100 });
    await writeResults(folder, comparison, {
      title: 'Spoken digits: one network hears what is said, and who says it',
      summary:
        `${epochs} epochs of ${train.length} recordings in batches of ${batchSize} on the ${engine} engine, seed ${seed}. ` +
        `Measured on the ${test.length} recordings of the data set's own test part.`,
      sections: [{ title: 'Mistakes', html: mistakes(tested, test, predictions) }],
    });
    return comparison;
  },
});
