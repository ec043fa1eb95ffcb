import { generatedExpressions, generatedFaces } from '@espalier/datasets';
import type { DataOf } from '@espalier/trainer';
import { type FaceSet, standardized } from './face-set.js';
import type { FaceHeads } from './network.js';

const PEOPLE = 30;
/** The numbers of people that no network learns: a threshold is chosen by some, and tried on others. */
const OUTSIDERS = 1000;
const STRANGERS = 2000;

/** Drawings of 30 people. Those to test on are other drawings of the same people. */
export function drawings(seed: number, quick: boolean): FaceSet {
  const [train, test, others] = quick ? [300, 90, 60] : [6000, 900, 300];
  const learned = drawn(0, train, seed);
  return {
    title: 'drawings of 30 people who do not exist',
    people: Array.from({ length: PEOPLE }, (_, person) => `person ${person}`),
    expressions: generatedExpressions,
    train: learned,
    test: drawn(0, test, seed + 1),
    enrolled: learned,
    others: {
      outsiders: drawn(OUTSIDERS, others, seed + 2),
      strangers: drawn(STRANGERS, others, seed + 3),
    },
    shown: true,
  };
}

/** Faces of 30 people from a number on, drawn once and kept: drawing takes a fifth as long as learning. */
function drawn(first: number, count: number, seed: number): DataOf<FaceHeads> {
  const people = Array.from({ length: PEOPLE }, (_, index) => first + index);
  // A data set's seed and a person's number are apart, whatever the seed of the run.
  const faces = generatedFaces({ people, count, seed: Math.imul(seed, 31) + first });
  const examples = Array.from({ length: count }, (_, index) => {
    const { pixels, person, expression } = faces.at(index);
    return { input: standardized(pixels), labels: { person: person - first, expression } };
  });
  return { length: count, at: (index) => examples[index] };
}
