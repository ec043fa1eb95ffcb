import type { Example, Heads } from '@espalier/core';
import type { Dataset } from '@espalier/datasets';
import { runExample } from '@espalier/example-kit';
import { sum } from '@espalier/losses';
import { adamW, type DataOf, mapData, type TrainedRun, trainRun, warmupCosine } from '@espalier/trainer';
import { classAndBoxes, classAndPresence, compose } from './networks.js';
import { type PictureLabels, pictures } from './pictures.js';

type Pictures = Dataset<Example<PictureLabels>>;

await runExample({
  name: 'resnet50',
  epochs: { default: 4, quick: 1 },
  async run({ epochs, seed, quick, keep, signal, watch }) {
    const train = await pictures('train', quick ? 4 : 400, seed);
    const test = await pictures('test', quick ? 2 : 100, seed + 1);
    const learn = async <Own extends Heads>(
      name: string,
      heads: Own,
      data: (source: Pictures) => DataOf<Own>,
    ): Promise<TrainedRun> => {
      const model = compose(heads, seed);
      try {
        const budget = {
          epochs,
          batchSize: quick ? 2 : 8,
          schedule: warmupCosine(1e-3),
          optimizer: adamW(),
          seed,
          watch,
          keep,
          signal,
        };
        return await trainRun(
          name,
          model,
          { train: data(train), test: data(test) },
          { weighting: sum() },
          budget,
        );
      } finally {
        model.dispose();
      }
    };
    return {
      runs: [
        await learn('class and presence', classAndPresence, withPresence),
        await learn('class and boxes', classAndBoxes, withBoxes),
      ],
    };
  },
});

function withPresence(data: Pictures): DataOf<typeof classAndPresence> {
  return mapData(data, ({ input, labels: { digit, presence } }) => ({ input, labels: { digit, presence } }));
}

function withBoxes(data: Pictures): DataOf<typeof classAndBoxes> {
  return mapData(data, ({ input, labels: { digit, boxes } }) => ({ input, labels: { digit, boxes } }));
}
