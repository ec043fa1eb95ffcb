import { augmented, colour, crop, flip, inTurn, type Picture } from '@espalier/datasets';
import { type FacePicture, faceExpressions, faces } from '@espalier/datasets/node';
import type { DataOf } from '@espalier/trainer';
import { type FaceSet, standardized } from './face-set.js';
import type { FaceHeads } from './network.js';

/** Surprise is on 31 of 658 pictures, too few to claim anything: there the expression is no label. */
const expressions = faceExpressions.filter((expression) => expression !== 'surprise');

/** Of each person's pictures to train on, every fifth is for validation. */
const VALIDATION = 5;
/** Of the people, every third is not learned: a threshold is chosen by every second of these, and tried on the rest. */
const OTHERS = 3;
/** In how many versions an epoch shows every picture. */
const VERSIONS = 16;

/** The same face, seen otherwise. */
const augment = inTurn(
  flip(),
  crop({ area: [0.6, 1], ratio: 1.2 }),
  colour({ brightness: 0.3, contrast: 0.4 }),
);

/** Photographs of 30 people in the news, to train and to test on. */
export async function photographs(seed: number, quick: boolean): Promise<FaceSet> {
  const { people, pictures } = await faces({ split: 'train' });
  const test = await faces({ split: 'test' });
  return faceSet(people, pictures, test.pictures, seed, quick ? 1 : VERSIONS);
}

/** The photographs to train on in two parts, to choose settings by the second. */
export async function validationPhotographs(seed: number): Promise<FaceSet> {
  const { people, pictures } = await faces({ split: 'train' });
  const seen = people.map(() => 0);
  const held = new Set(pictures.filter(({ person }) => seen[person]++ % VALIDATION === 0));
  const learned = pictures.filter((picture) => !held.has(picture));
  return faceSet(people, learned, [...held], seed, VERSIONS);
}

/** The photographs of two thirds of the people, and those of the others, whom a network has not seen. */
export async function photographsWithStrangers(seed: number, quick: boolean): Promise<FaceSet> {
  const { people, pictures } = await faces({ split: 'train' });
  const test = await faces({ split: 'test' });
  const known = people.filter((_, person) => person % OTHERS > 0);
  const ofKnown = (all: readonly FacePicture[]) =>
    all
      .filter(({ person }) => person % OTHERS > 0)
      .map((picture) => ({ ...picture, person: known.indexOf(people[picture.person]) }));
  const ofOthers = (turn: number) =>
    asTheyAre([...pictures, ...test.pictures].filter(({ person }) => person % (2 * OTHERS) === turn));
  return {
    ...faceSet(known, ofKnown(pictures), ofKnown(test.pictures), seed, quick ? 1 : VERSIONS),
    others: { outsiders: ofOthers(0), strangers: ofOthers(OTHERS) },
  };
}

function faceSet(
  people: readonly string[],
  learned: readonly FacePicture[],
  tested: readonly FacePicture[],
  seed: number,
  versions: number,
): FaceSet {
  return {
    title: `photographs of ${people.length} people`,
    people,
    expressions,
    train: otherwise(learned, versions, seed),
    test: asTheyAre(tested),
    enrolled: asTheyAre(learned),
    shown: false,
  };
}

function asTheyAre(pictures: readonly FacePicture[]): DataOf<FaceHeads> {
  return labelled(
    pictures,
    pictures.map(({ picture }) => picture),
  );
}

/** Every picture in several versions, made once and kept: making them takes a fifth as long as learning from them. */
function otherwise(pictures: readonly FacePicture[], versions: number, seed: number): DataOf<FaceHeads> {
  const repeated = Array.from({ length: versions }, () => pictures).flat();
  const data = augmented({ length: repeated.length, at: (index) => repeated[index] }, augment, seed);
  return labelled(
    repeated,
    repeated.map((_, index) => data.at(index).picture),
  );
}

function labelled(faces: readonly FacePicture[], pictures: readonly Picture[]): DataOf<FaceHeads> {
  const examples = faces.map((face, index) => exampleOf(face, pictures[index]));
  return { length: examples.length, at: (index) => examples[index], id: (index) => faces[index].file };
}

function exampleOf({ person, expression }: FacePicture, { pixels }: Picture) {
  const known = expression < expressions.length ? expression : undefined;
  return { input: standardized(pixels), labels: { person, expression: known } };
}
