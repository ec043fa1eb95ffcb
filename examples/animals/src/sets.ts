import type { ExampleOf, Heads, Predictions } from '@espalier/core';
import {
  type AnnotatedPicture,
  type Augmentation,
  augmented,
  colour,
  crop,
  flip,
  inTurn,
  mosaic,
  scale,
} from '@espalier/datasets';
import {
  bccd,
  bccdClasses,
  type NamedVocOptions,
  raccoonClasses,
  raccoons,
  type VocPicture,
} from '@espalier/datasets/node';
import { type DataOf, mapData, type Schedule, warmupCosine } from '@espalier/trainer';
import { classification, detection, multiLabelClassification } from '@espalier/vision-heads';

import { type MakeTrunk, pretrained, small } from './network.js';
import { normalized } from './normalized.js';

type Size = Pick<NamedVocOptions, 'width' | 'height'>;

/** A set of pictures, what is learned from it, and how. */
export interface PictureSet<H extends Heads> {
  readonly title: string;
  readonly heads: H;
  readonly size: Size;
  readonly trunk: () => Promise<MakeTrunk>;
  /** What the trunk begins from, in words. */
  readonly begin: string;
  readonly batchSize: number;
  readonly schedule: Schedule;
  /** How often an epoch shows every picture, each time otherwise. */
  readonly versions: number;
  readonly read: (options: NamedVocOptions) => Promise<readonly VocPicture[]>;
  readonly augment: Augmentation;
  /** Of how many training examples a mosaic is made. */
  readonly mosaics: number;
  readonly labels: (picture: AnnotatedPicture) => ExampleOf<H>['labels'];
  /** What was predicted for one of the pictures: the boxes as SVG, and the rest in words. */
  readonly draw: (predictions: Predictions<H>, index: number) => string;
  readonly caption: (predictions: Predictions<H>, index: number) => string;
}

const cellHeads = {
  cells: detection({ classes: bccdClasses, regression: 'area', channels: 48 }),
  presence: multiLabelClassification({ classes: bccdClasses }),
};

/** Blood cells: where they are, and which kinds there are. */
export const cells: PictureSet<typeof cellHeads> = {
  title: 'where are the blood cells, and of which kinds?',
  heads: cellHeads,
  size: { width: 240, height: 192 },
  trunk: small,
  begin: 'from nothing',
  batchSize: 4,
  schedule: warmupCosine(3e-3),
  versions: 2,
  read: bccd,
  augment: inTurn(flip(), crop({ area: [0.5, 1], ratio: 1.2 }), colour({ saturation: 0.2 })),
  mosaics: 0,
  labels: ({ boxes = [] }) => ({ cells: boxes, presence: [...new Set(boxes.map((box) => box.class))] }),
  draw: (predictions, index) => cellHeads.cells.draw(predictions.cells[index], cells.size),
  caption: (predictions, index) => `there are: ${predictions.presence[index].labels.join(', ')}`,
};

const raccoonHeads = {
  raccoons: detection({ classes: raccoonClasses, regression: 'area' }),
  company: classification({ classes: ['alone', 'in company'] }),
};

/** Photographs of raccoons: where they are, and whether there are several. */
export const photographs: PictureSet<typeof raccoonHeads> = {
  title: 'where are the raccoons, and is there more than one?',
  heads: raccoonHeads,
  size: { width: 224, height: 224 },
  trunk: pretrained,
  begin: "from ImageNet's weights",
  batchSize: 8,
  schedule: warmupCosine(1e-3),
  versions: 1,
  read: raccoons,
  augment: inTurn(flip(), scale({ factor: [0.6, 1.4] }), colour()),
  mosaics: 0.3,
  labels: ({ boxes = [] }) => ({ raccoons: boxes, company: boxes.length > 1 ? 1 : 0 }),
  draw: (predictions, index) => raccoonHeads.raccoons.draw(predictions.raccoons[index], photographs.size),
  caption: (predictions, index) => predictions.company[index].label,
};

/** Pictures to learn from, otherwise in every epoch. */
export function trainingData<H extends Heads>(
  set: PictureSet<H>,
  pictures: readonly VocPicture[],
  seed: number,
): DataOf<H> {
  const repeated = Array.from({ length: set.versions }, () => pictures).flat();
  const single = augmented({ length: repeated.length, at: (index) => repeated[index] }, set.augment, seed);
  const data = mosaic(single, { probability: set.mosaics, seed: seed + 1 });
  return mapData(data, (picture) => exampleOf(set, picture));
}

/** Pictures to measure on, as they are. */
export function testData<H extends Heads>(set: PictureSet<H>, pictures: readonly VocPicture[]): DataOf<H> {
  return { length: pictures.length, at: (index) => exampleOf(set, pictures[index]) };
}

function exampleOf<H extends Heads>(set: PictureSet<H>, picture: AnnotatedPicture): ExampleOf<H> {
  return {
    input: normalized(picture.picture.pixels),
    labels: set.labels(picture),
  };
}
