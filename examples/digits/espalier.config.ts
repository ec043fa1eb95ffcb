import { hardSharing } from '@espalier/sharing';
import { defineExperiment } from 'espalier';
import { compose, heads } from './src/network.js';
import { recipe } from './src/recipe.js';
import { labelledScenes, trainingScenes } from './src/scenes.js';

/** The network of this example, for the commands of `espalier`. */
export default defineExperiment({
  name: 'digits',
  heads,
  compose: (own, { sharing, seed }) => compose(own, seed, sharing),
  sharing: hardSharing(),
  ...recipe,
  epochs: 4,
  data: async ({ epochs, seed }) => ({
    train: await trainingScenes(4000, epochs, seed),
    validation: await labelledScenes('validation', 200, seed + 2),
    test: await labelledScenes('test', 1000, seed + 1),
  }),
});
