import type { Metric } from '@espalier/core';
import { facePairs } from '../face-pairs.js';
import { accuracy } from './accuracy.js';
import { once } from './once.js';
import { equalErrors, operatingPoints, trueAcceptsAt } from './verification.js';

interface EmbeddedFace {
  readonly embedding: Float32Array;
}

/** The share of faces whose nearest person is the right one (rank-1 identification of a closed set), from 0 to 1. */
export const rankOne: Metric<number, { readonly index: number }> = {
  ...accuracy<{ readonly index: number }>(({ index }) => index),
  name: 'rank-1',
};

/**
 * The equal error rate of telling whether two faces are one person's, over all pairs of the faces. See `equalErrorRate`.
 *
 * @throws RangeError when there are no two faces of one person, or of different ones.
 */
export const verificationErrorRate: Metric<number, EmbeddedFace> = {
  name: 'EER',
  better: 'lower',
  compute: (faces, people) => equalErrors(characteristic(faces, people)),
};

/**
 * TAR@FAR over all pairs of the faces. See `trueAcceptRate`.
 *
 * @throws RangeError when there are no two faces of one person, or of different ones.
 */
export function verificationRate(falseAccepts: number): Metric<number, EmbeddedFace> {
  return {
    name: `TAR@FAR=${falseAccepts}`,
    better: 'higher',
    compute: (faces, people) => trueAcceptsAt(characteristic(faces, people), falseAccepts),
  };
}

/** The receiver operating characteristic of all pairs of the faces. */
const characteristic = once((faces: readonly EmbeddedFace[], people: readonly number[]) => {
  const embeddings = faces.map(({ embedding }) => embedding);
  return operatingPoints(facePairs(embeddings, people));
});
