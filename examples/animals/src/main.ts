import type { Heads } from '@espalier/core';
import { type ExampleRun, type Figures, runExample, writeResults } from '@espalier/example-kit';
import { sum } from '@espalier/losses';
import { compareWithSingleTasks, predict } from '@espalier/trainer';
import { gallery } from './gallery.js';
import { compose } from './network.js';
import { cells, type PictureSet, photographs, testData, trainingData } from './sets.js';
import { EPOCHS, optimizer } from './settings.js';

const SHOWN = 12;

await runExample({
  name: 'animals',
  sets: ['raccoons', 'cells'],
  epochs: { default: EPOCHS, quick: 1 },
  run: (options) => (options.set === 'cells' ? learn(cells, options) : learn(photographs, options)),
});

async function learn<H extends Heads>(
  set: PictureSet<H>,
  { engine, epochs, seed, quick, folder, keep, signal, watch }: ExampleRun,
): Promise<Figures> {
  const read = async (split: 'train' | 'test') => {
    const pictures = await set.read({ ...set.size, split });
    return quick ? pictures.slice(0, 4) : pictures;
  };
  const [learned, held] = [await read('train'), await read('test')];
  const trunk = await set.trunk();
  const batchSize = quick ? 2 : set.batchSize;
  const [train, test] = [trainingData(set, learned, seed), testData(set, held)];
  const comparison = await compareWithSingleTasks({
    heads: set.heads,
    compose: (heads) => compose({ heads, size: set.size, trunk, seed }),
    train,
    test,
    epochs,
    batchSize,
    schedule: set.schedule,
    optimizer,
    weighting: sum(),
    seed,
    watch,
    keep,
    signal,
  });
  const count = Math.min(SHOWN, test.length);
  const predictions = await predict(comparison.model, { ...test, length: count }, { batchSize });
  const shown = held.slice(0, count).map((picture, index) => ({
    picture,
    layers: [set.draw(predictions, index)],
    caption: set.caption(predictions, index),
  }));
  await writeResults(folder, comparison, {
    title: `Animals: ${set.title}`,
    summary:
      `${epochs} epochs of ${learned.length} pictures in batches of ${batchSize} on the ${engine} engine, seed ${seed}, ` +
      `${set.begin}. Measured on ${held.length} pictures of the sets' own test part.`,
    sections: [{ title: 'Test pictures', html: await gallery(shown) }],
  });
  return comparison;
}
