/**
 * Chooses settings on a validation part of the training takes. `pnpm build && node examples/spoken-digits/dist/choose.js`
 */
import * as engine from '@espalier/engine';
import { sum } from '@espalier/losses';
import { adamW, evaluate, fit, warmupCosine } from '@espalier/trainer';
import { consoleProgress } from '@espalier/trainer/node';
import { movedExamples, plainExamples } from './examples.js';
import { compose, heads } from './network.js';
import { isTest, isValidation, readRecordings, recordingsFolder } from './recordings.js';
import { settings } from './settings.js';

const candidates: readonly Partial<typeof settings>[] = [
  {},
  { peakLearningRate: 1.5e-3 },
  { weightDecay: 0.05 },
  { epochs: 60 },
];

const report = await engine.use('auto');
console.log(`Engine: ${report.engine}`);
const recordings = (await readRecordings(recordingsFolder())).filter((recording) => !isTest(recording));
const learned = recordings.filter((recording) => !isValidation(recording));
const validation = plainExamples(recordings.filter(isValidation));

for (const candidate of candidates) {
  const { epochs, batchSize, peakLearningRate, weightDecay } = { ...settings, ...candidate };
  const model = compose(heads, 1);
  const progress = consoleProgress<typeof heads>(JSON.stringify(candidate));
  try {
    await fit(model, {
      data: movedExamples(learned, 1),
      epochs,
      batchSize,
      optimizer: adamW({ weightDecay }),
      schedule: warmupCosine(peakLearningRate),
      weighting: sum(),
      seed: 1,
      onStep: (record) => progress.step(record),
    });
    const { digit, speaker } = await evaluate(model, validation, { batchSize: 100 });
    console.log(
      `${JSON.stringify(candidate)}: digit ${digit.accuracy.toFixed(4)}, speaker ${speaker.accuracy.toFixed(4)}`,
    );
  } finally {
    progress.end();
    model.dispose();
  }
}
