import type { MultiTaskModel } from '@espalier/core';
import { type DataOf, predict } from '@espalier/trainer';
import { FaceGallery, facePairs, verificationThreshold } from '@espalier/vision-heads';
import type { FaceSet } from './face-set.js';
import type { FaceHeads } from './network.js';

/** What happens where anybody may come. Shares of faces, from 0 to 1. */
export interface OpenSet {
  /** The least cosine with a person's enrolled faces. */
  readonly threshold: number;
  /** Of the people that are known: taken for who they are, for somebody else, or for nobody. */
  readonly right: number;
  readonly wrong: number;
  readonly refused: number;
  /** Of strangers, if there are any: taken for nobody. */
  readonly strangersRefused?: number;
}

/** Enrols people, chooses the threshold by pairs of other faces, and lets known people and strangers come. */
export async function openSet(
  model: MultiTaskModel<FaceHeads>,
  { test, enrolled, threshold, strangers }: FaceSet,
): Promise<OpenSet> {
  const gallery = new FaceGallery<number>();
  for (const { person, embedding } of await embed(model, enrolled)) gallery.enrol(person, embedding);
  const chosenOn = await embed(model, threshold.faces);
  const pairs = facePairs(
    chosenOn.map(({ embedding }) => embedding),
    chosenOn.map(({ person }) => person),
  );
  const least = verificationThreshold(pairs);
  const known = await embed(model, test);
  const found = known.map(({ embedding }) => gallery.identify(embedding, least)?.person);
  const share = (count: number) => count / known.length;
  const right = share(found.filter((person, index) => person === known[index].person).length);
  const refused = share(found.filter((person) => person === undefined).length);
  const strange = strangers && (await embed(model, strangers));
  return {
    threshold: least,
    right,
    wrong: 1 - right - refused,
    refused,
    ...(strange && {
      strangersRefused:
        strange.filter(({ embedding }) => gallery.identify(embedding, least) === undefined).length /
        strange.length,
    }),
  };
}

async function embed(model: MultiTaskModel<FaceHeads>, data: DataOf<FaceHeads>) {
  const { person: faces } = await predict(model, data, { batchSize: 64 });
  return faces.map(({ embedding }, index) => ({ embedding, person: data.at(index).labels.person! }));
}
