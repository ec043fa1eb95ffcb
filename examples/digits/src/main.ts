import type { MultiTaskModel } from '@espalier/core';
import { runExample, writeResults } from '@espalier/example-kit';
import { hardSharing } from '@espalier/sharing';
import { compareWithSingleTasks, type DataOf, predict } from '@espalier/trainer';
import { gallery } from './gallery.js';
import { compose, type DigitHeads, heads } from './network.js';
import { recipe } from './recipe.js';
import { labelledScenes, trainingScenes } from './scenes.js';

const SHOWN_SCENES = 24;

await runExample({
  name: 'digits',
  epochs: { default: 4, quick: 1 },
  equalSize: true,
  async run({ engine, epochs, seed, quick, equalSize, folder, keep, signal, watch }) {
    const train = await trainingScenes(quick ? 800 : 4000, epochs, seed);
    const test = await labelledScenes('test', quick ? 200 : 1000, seed + 1);
    const validation = await labelledScenes('validation', 200, seed + 2);
    const comparison = await compareWithSingleTasks({
      heads,
      compose: (own) => compose(own, seed),
      ...(equalSize && { composeOfWidth: (own, width) => compose(own, seed, hardSharing(), width) }),
      train,
      test,
      epochs,
      ...recipe,
      seed,
      validation,
      examples: (model) => galleryOf(model, validation),
      watch,
      keep,
      signal,
    });

    await writeResults(folder, comparison, {
      title: 'Digits: one network classifies and detects',
      summary:
        `${epochs} epochs of ${train.length} new scenes of MNIST digits, in batches of ${recipe.batchSize} on the ${engine} ` +
        `engine, seed ${seed}. Measured on ${test.length} scenes of digits that no network has seen.`,
      sections: [{ title: 'Test scenes', html: await galleryOf(comparison.model, test) }],
    });
    return comparison;
  },
});

/** The first scenes, with what the network says about them. */
async function galleryOf(model: MultiTaskModel<DigitHeads>, data: DataOf<DigitHeads>): Promise<string> {
  const scenes = Array.from({ length: SHOWN_SCENES }, (_, index) => data.at(index));
  const shown = { length: scenes.length, at: (index: number) => scenes[index] };
  return gallery(scenes, await predict(model, shown, { batchSize: SHOWN_SCENES }));
}
