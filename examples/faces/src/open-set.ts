import type { MultiTaskModel } from '@espalier/core';
import { type DataOf, predict } from '@espalier/trainer';
import { FaceGallery, verificationThreshold } from '@espalier/vision-heads';
import type { FaceSet } from './face-set.js';
import type { FaceHeads } from './network.js';

/** What happens where anybody may come. Shares of faces, from 0 to 1. */
export interface OpenSet {
  /** The least cosine with a person's enrolled faces. */
  readonly threshold: number;
  /** Of the people that are known: taken for who they are (the true accept rate), for somebody else, or for nobody. */
  readonly right: number;
  readonly wrong: number;
  readonly refused: number;
  /** Of strangers: taken for somebody (the false accept rate). */
  readonly accepted: number;
}

/** A face, and whose it is. */
export interface EmbeddedFace {
  readonly person: number;
  readonly embedding: ArrayLike<number>;
}

/** The share of outsiders that the threshold may let pass. */
export const FALSE_ACCEPTS = 0.05;

/** Enrols people, chooses a threshold by outsiders, and lets known people and strangers come. */
export async function openSet(
  model: MultiTaskModel<FaceHeads>,
  { enrolled, test, others }: FaceSet & Required<Pick<FaceSet, 'others'>>,
): Promise<OpenSet> {
  return letCome({
    enrolled: await embed(model, enrolled),
    known: await embed(model, test),
    outsiders: await embed(model, others.outsiders),
    strangers: await embed(model, others.strangers),
  });
}

/**
 * Open-set identification: everybody is compared with all who are enrolled, and taken for the nearest from a threshold on.
 * It is chosen the same way, by outsiders among all who are enrolled, and not by pairs of faces: a stranger who is alike
 * one pair in twenty is alike somebody of thirty people nearly always.
 *
 * P. Grother, M. Ngan, "Face Recognition Vendor Test", NIST IR 8009, 2014: identification at a false
 * positive identification rate.
 */
export function letCome({
  enrolled,
  known,
  outsiders,
  strangers,
}: Record<'enrolled' | 'known' | 'outsiders' | 'strangers', readonly EmbeddedFace[]>): OpenSet {
  const gallery = new FaceGallery<number>();
  for (const { person, embedding } of enrolled) gallery.enrol(person, embedding);
  const compared = (faces: readonly EmbeddedFace[]) =>
    faces.map(({ person, embedding }) => {
      const { person: nearest, similarity } = gallery.identify(embedding, Number.NEGATIVE_INFINITY)!;
      return { similarity, same: person === nearest };
    });
  const strange = (faces: readonly EmbeddedFace[]) =>
    compared(faces).map(({ similarity }) => ({ similarity, same: false }));
  const come = compared(known);
  const right = come.filter(({ same }) => same);
  const threshold = verificationThreshold([...compared(enrolled), ...strange(outsiders)], FALSE_ACCEPTS);
  const passing = (faces: readonly { readonly similarity: number }[]) =>
    faces.filter(({ similarity }) => similarity >= threshold).length;
  const rate = passing(right) / known.length;
  return {
    threshold,
    right: rate,
    wrong: passing(come) / known.length - rate,
    refused: 1 - passing(come) / known.length,
    accepted: passing(strange(strangers)) / strangers.length,
  };
}

async function embed(model: MultiTaskModel<FaceHeads>, data: DataOf<FaceHeads>): Promise<EmbeddedFace[]> {
  const { person: faces } = await predict(model, data, { batchSize: 64 });
  return faces.map(({ embedding }, index) => ({ embedding, person: data.at(index).labels.person! }));
}
