// #region imports
import { type Heads, multiTaskModel, type Sharing, seededRandom } from '@espalier/core';
import * as engine from '@espalier/engine';
import { type Aggregator, sum, uncertaintyRevised, upGrad, type Weighting } from '@espalier/losses';
import { crossStitch, hardSharing, mmoe } from '@espalier/sharing';
import { adamW, type DataOf, evaluate, fit, onlyTask, warmupCosine } from '@espalier/trainer';
import { classification } from '@espalier/vision-heads';
import * as tfl from '@tensorflow/tfjs-layers';

await engine.use('wasm');
// #endregion imports

// #region data
/** Points of a square. Two questions about each: is it in the ring, and is it in the other one? */
const heads = {
  ring: classification({ classes: ['outside', 'inside'] }),
  other: classification({ classes: ['outside', 'inside'] }),
};

function points(count: number, seed: number): DataOf<typeof heads> {
  const random = seededRandom(seed);
  const all = Array.from({ length: count }, () => [2 * random() - 1, 2 * random() - 1]);
  return {
    length: count,
    at(index) {
      const [x, y] = all[index];
      const labels = {
        ring: Number(Math.hypot(x, y) < 0.6),
        // One point in four has been looked at by somebody who answers the second question.
        other: index % 4 === 0 ? Number(Math.hypot(x - 0.2, y + 0.1) < 0.6) : undefined,
      };
      return { input: Float32Array.of(x, y), labels };
    },
  };
}

const [train, test] = [points(240, 1), points(2000, 2)];
// #endregion data

// #region model
const trunk = () => [16, 16].map((units) => tfl.layers.dense({ units, activation: 'tanh' }));

function compose<H extends Heads>(own: H, sharing: Sharing) {
  return multiTaskModel({ inputShape: [2], trunk, sharing, heads: own, seed: 1 });
}
// #endregion model

// #region single
const settings = { epochs: 60, batchSize: 40, schedule: warmupCosine(0.02), seed: 1 };

const alone = compose({ other: heads.other }, hardSharing());
await fit(alone, { ...settings, data: onlyTask(train, 'other'), optimizer: adamW(), weighting: sum() });
const single = (await evaluate(alone, onlyTask(test, 'other'), { batchSize: 500 })).other.accuracy;
console.log('other, alone:', single);
alone.dispose();
// #endregion single

// #region methods
const methods: Record<string, { sharing: Sharing; weighting: Weighting; aggregator?: Aggregator }> = {
  'hard sharing, sum': { sharing: hardSharing(), weighting: sum() },
  'hard sharing, uncertainty': { sharing: hardSharing(), weighting: uncertaintyRevised() },
  'hard sharing, UPGrad': { sharing: hardSharing(), weighting: sum(), aggregator: upGrad() },
  'cross-stitch, sum': { sharing: crossStitch(), weighting: sum() },
  'MMoE, sum': { sharing: mmoe({ experts: 3 }), weighting: sum() },
  'MMoE, UPGrad': { sharing: mmoe({ experts: 3 }), weighting: sum(), aggregator: upGrad() },
};

const results: Record<string, { ring: number; other: number }> = {};
for (const [name, { sharing, ...combination }] of Object.entries(methods)) {
  const model = compose(heads, sharing);
  await fit(model, { ...settings, ...combination, data: train, optimizer: adamW() });
  const { ring, other } = await evaluate(model, test, { batchSize: 500 });
  results[name] = { ring: ring.accuracy, other: other.accuracy };
  model.dispose();
}
console.table(results);

// #endregion methods

export { results, single };
