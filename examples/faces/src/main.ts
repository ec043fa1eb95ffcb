import { metricTable, runExample, writeResults } from '@espalier/example-kit';
import { sum } from '@espalier/losses';
import { compareWithSingleTasks, predict } from '@espalier/trainer';
import { drawings } from './drawings.js';
import { gallery, openSetTable } from './gallery.js';
import { compose, headsFor } from './network.js';
import { openSet } from './open-set.js';
import { photographs } from './photographs.js';
import { BATCH_SIZE, EPOCHS, optimizer, schedule } from './settings.js';

const SHOWN = 24;

await runExample({
  name: 'faces',
  sets: ['drawings', 'photographs'],
  epochs: { default: EPOCHS, quick: 1 },
  async run({ engine, epochs, seed, quick, set, folder, keep, signal, watch }) {
    const faces = set === 'photographs' ? await photographs(seed, quick) : drawings(seed, quick);
    const { people, expressions, train, test, others, shown } = faces;
    const heads = headsFor(people, expressions);
    const comparison = await compareWithSingleTasks({
      heads,
      compose: (own) => compose(own, seed),
      train,
      test,
      epochs,
      batchSize: BATCH_SIZE,
      schedule,
      optimizer,
      weighting: sum(),
      seed,
      watch,
      keep,
      signal,
    });

    const sections = [{ title: 'Every metric', html: metricTable(comparison.runs) }];
    if (others) {
      const anybody = await openSet(comparison.model, { ...faces, others });
      sections.push({ title: 'Where anybody may come', html: openSetTable(anybody) });
    }
    if (shown) {
      const some = { ...test, length: Math.min(SHOWN, test.length) };
      const predictions = await predict(comparison.model, some, { batchSize: SHOWN });
      sections.push({ title: 'Test faces', html: await gallery(heads, faces, predictions) });
    }
    await writeResults(folder, comparison, {
      title: 'Faces: one network says who it is, and what they express',
      summary:
        `${epochs} epochs of ${train.length} faces in batches of ${BATCH_SIZE} on the ${engine} engine, seed ${seed}: ` +
        `${faces.title}. Measured on ${test.length} others of the same people.`,
      sections,
    });
    return comparison;
  },
});
