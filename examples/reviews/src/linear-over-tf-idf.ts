import { multiTaskModel } from '@espalier/core';
import { sum } from '@espalier/losses';
import { hardSharing } from '@espalier/sharing';
import { adamW, type DataOf, type Evaluation, evaluate, fit, warmupCosine } from '@espalier/trainer';
import * as tfl from '@tensorflow/tfjs-layers';
import { heads } from './network.js';
import type { ReadText, ReviewHeads } from './texts.js';
import { tfIdf } from './tf-idf.js';

const recipe = {
  epochs: 5,
  batchSize: 64,
  schedule: warmupCosine(3e-3),
  optimizer: adamW({ weightDecay: 0.01 }),
  weighting: sum(),
};

/** What a network has to be better than: the same heads right over TF-IDF, which is logistic and linear regression. */
export async function linearOverTfIdf(
  texts: readonly ReadText[],
  tested: readonly ReadText[],
  { seed, signal }: { seed: number; signal?: AbortSignal },
): Promise<Evaluation<ReviewHeads>> {
  const features = tfIdf(texts.map(({ tokens }) => tokens));
  // The vectors are long and nearly empty: each is made when it is asked for.
  const labelled = (some: readonly ReadText[]): DataOf<ReviewHeads> => ({
    length: some.length,
    at(index) {
      const { tokens, source, rating } = some[index];
      return { input: features.encode(tokens), labels: { source, sentiment: rating } };
    },
    id: (index) => some[index].id,
  });
  const model = multiTaskModel({
    inputShape: [features.size],
    trunk: () => [tfl.layers.activation({ activation: 'linear' })],
    sharing: hardSharing(),
    heads,
    seed,
  });
  try {
    await fit(model, { ...recipe, data: labelled(texts), seed, signal });
    return await evaluate(model, labelled(tested), { batchSize: recipe.batchSize });
  } finally {
    model.dispose();
  }
}
