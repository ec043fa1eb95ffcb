import { vaderSources } from '@espalier/datasets/node';
import type { Evaluation } from '@espalier/trainer';
import * as tf from '@tensorflow/tfjs-core';
import { linearModel } from './linear-model.js';
import { heads, NEUTRAL } from './network.js';
import type { ReadText, ReviewHeads } from './texts.js';
import { tfIdf } from './tf-idf.js';

/** Chosen by a fifth of the documents to train on. */
const PENALTY = { classes: 0.25, rating: 1 };

/** What a network has to be better than: logistic regression for source and polarity, linear regression for the rating. */
export async function linearOverTfIdf(
  texts: readonly ReadText[],
  tested: readonly ReadText[],
): Promise<Evaluation<ReviewHeads>> {
  const { size, encode } = tfIdf(texts.map(({ tokens }) => tokens));
  const vectors = texts.map(({ tokens }) => encode(tokens));
  const sources = texts.map(({ source }) => vaderSources.map((one) => Number(one === source)));
  const polarities = texts.map(({ rating }) => [
    Number(rating < -NEUTRAL),
    Number(Math.abs(rating) <= NEUTRAL),
    Number(rating > NEUTRAL),
  ]);
  // The head has ratings in units of 2.
  const ratings = texts.map(({ rating }) => [rating / 2]);
  const sourceOf = linearModel(vectors, sources, { size, link: 'softmax', penalty: PENALTY.classes });
  const polarityOf = linearModel(vectors, polarities, { size, link: 'softmax', penalty: PENALTY.classes });
  const ratingOf = linearModel(vectors, ratings, { size, link: 'identity', penalty: PENALTY.rating });

  const asked = tested.map(({ tokens }) => encode(tokens));
  const found = {
    source: await decoded(heads.source, asked.map(sourceOf)),
    sentiment: await decoded(
      heads.sentiment,
      asked.map((vector) => [...polarityOf(vector), ...ratingOf(vector)]),
    ),
  };
  const truth = {
    source: tested.map(({ source }) => source),
    sentiment: tested.map(({ rating }) => rating),
  };
  return {
    source: Object.fromEntries(
      heads.source.metrics.map(({ name, compute }) => [name, compute(found.source, truth.source)]),
    ),
    sentiment: Object.fromEntries(
      heads.sentiment.metrics.map(({ name, compute }) => [name, compute(found.sentiment, truth.sentiment)]),
    ),
  };
}

/** What a head says about these scores. */
async function decoded<Prediction>(
  head: { decode(output: tf.Tensor): Promise<readonly Prediction[]> },
  scores: number[][],
): Promise<readonly Prediction[]> {
  const output = tf.tensor2d(scores);
  try {
    return await head.decode(output);
  } finally {
    output.dispose();
  }
}
