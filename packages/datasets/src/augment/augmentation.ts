import { uniformFloat64 } from 'pure-rand/distribution/uniformFloat64';
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';
import type { Dataset } from '../dataset.js';
import type { AnnotatedPicture } from '../pictures/picture.js';

/** Numbers in [0, 1). */
export type RandomNumbers = () => number;

/** Makes another example of one, with boxes, landmarks and mask in step with the picture. */
export type Augmentation = (example: AnnotatedPicture, random: RandomNumbers) => AnnotatedPicture;

/** One augmentation after another. */
export function inTurn(...augmentations: readonly Augmentation[]): Augmentation {
  return (example, random) => augmentations.reduce((latest, augment) => augment(latest, random), example);
}

/**
 * A data set whose examples are augmented when they are asked for: otherwise in every epoch, and for the same seed,
 * place and epoch the same.
 */
export function augmented(
  data: Dataset<AnnotatedPicture>,
  augment: Augmentation,
  seed: number,
): Dataset<AnnotatedPicture> {
  return {
    length: data.length,
    at: (index, epoch = 0) => augment(data.at(index), randomOf(seed, index, epoch)),
  };
}

/** Numbers for one example in one epoch, whatever was drawn before. */
export function randomOf(seed: number, index: number, epoch: number): RandomNumbers {
  const mixed =
    Math.imul(seed, 0x9e3779b1) ^ Math.imul(index + 1, 0x85ebca6b) ^ Math.imul(epoch + 1, 0xc2b2ae35);
  const generator = xoroshiro128plus(mixed);
  return () => uniformFloat64(generator);
}
