import { resolve } from 'node:path';
import { runExample } from '@espalier/example-kit';
import { sum } from '@espalier/losses';
import { adamW, compareWithSingleTasks, predict, warmupCosine } from '@espalier/trainer';
import { consoleProgress, save, writeReport } from '@espalier/trainer/node';
import { gallery } from './gallery.js';
import { compose, heads } from './network.js';
import { labelledScenes, trainingScenes } from './scenes.js';

const BATCH_SIZE = 16;
const PEAK_LEARNING_RATE = 1.2e-2;
const SHOWN_SCENES = 24;

await runExample({
  name: 'digits',
  epochs: { default: 4, quick: 1 },
  async run({ engine, epochs, seed, quick, folder, keep, signal }) {
    const train = await trainingScenes(quick ? 800 : 4000, epochs, seed);
    const test = await labelledScenes('test', quick ? 200 : 1000, seed + 1);
    const comparison = await compareWithSingleTasks({
      heads,
      compose: (own) => compose(own, seed),
      train,
      test,
      epochs,
      batchSize: BATCH_SIZE,
      schedule: warmupCosine(PEAK_LEARNING_RATE),
      optimizer: adamW({ beta1: 0.8, beta2: 0.99, weightDecay: 0.05 }),
      weighting: sum(),
      seed,
      watch: consoleProgress,
      keep,
      signal,
    });

    const scenes = Array.from({ length: SHOWN_SCENES }, (_, index) => test.at(index));
    const shown = { length: scenes.length, at: (index: number) => scenes[index] };
    const predictions = await predict(comparison.model, shown, { batchSize: SHOWN_SCENES });
    await writeReport(resolve(folder, 'report.html'), {
      title: 'Digits: one network classifies and detects',
      summary:
        `${epochs} epochs of ${train.length} new scenes of MNIST digits, in batches of ${BATCH_SIZE} on the ${engine} ` +
        `engine, seed ${seed}. Measured on ${test.length} scenes of digits that no network has seen.`,
      comparison,
      sections: [{ title: 'Test scenes', html: await gallery(scenes, predictions) }],
    });
    await save(comparison.model, resolve(folder, 'model.safetensors'));
    comparison.model.dispose();
    console.log(`Report: ${resolve(folder, 'report.html')}`);
    return comparison;
  },
});
