import { type Random, seededRandom } from '@espalier/core';

/** A point of the square from −1 to 1, with a label a task: 0 or 1. */
export interface Point {
  readonly x: number;
  readonly y: number;
  readonly labels: { readonly first: number; readonly second: number };
}

type Rule = (x: number, y: number) => boolean;

const ring: Rule = (x, y) => Math.hypot(x, y) < 0.62;
const shiftedRing: Rule = (x, y) => Math.hypot(x - 0.2, y + 0.15) < 0.62;
const checkers: Rule = (x, y) => x > 0 === y > 0;
const stripes: Rule = (x) => Math.sin(7 * x) > 0;
const diagonal: Rule = (x, y) => Math.sin(5 * (x + y)) > 0;
const spiral: Rule = (x, y) => Math.sin(6 * Math.hypot(x, y) - Math.atan2(y, x)) > 0;
const inner: Rule = (x, y) => x + 0.4 * y > 0;

interface Problem {
  readonly name: string;
  readonly about: string;
  readonly tasks: readonly [name: string, name: string];
  readonly rules: readonly [Rule, Rule];
}

export const problems = {
  related: {
    name: 'Two rings, nearly the same',
    about: 'Related tasks: what one learns, the other can use. The gradients mostly agree.',
    tasks: ['inside the ring?', 'inside the other ring?'],
    rules: [ring, shiftedRing],
  },
  unrelated: {
    name: 'Checkers and stripes',
    about: 'Unrelated tasks: they compete for the same few units, and their gradients point anywhere.',
    tasks: ['same signs?', 'in a stripe?'],
    rules: [checkers, stripes],
  },
  uneven: {
    name: 'A half-plane and a spiral',
    about:
      'One task is easy, the other is hard: the easy one is done long before, and then only disturbs or helps.',
    tasks: ['which half?', 'which arm?'],
    rules: [inner, spiral],
  },
  crossing: {
    name: 'Stripes that cross',
    about: 'Two hard tasks with the same building blocks in other directions.',
    tasks: ['in a stripe?', 'in a diagonal?'],
    rules: [stripes, diagonal],
  },
} satisfies Record<string, Problem>;

export type ProblemName = keyof typeof problems;

/** Points anywhere in the square. */
export function pointsOf(name: ProblemName, count: number, seed: number): Point[] {
  const random: Random = seededRandom(seed);
  const [first, second] = problems[name].rules;
  return Array.from({ length: count }, () => {
    const [x, y] = [2 * random() - 1, 2 * random() - 1];
    return { x, y, labels: { first: Number(first(x, y)), second: Number(second(x, y)) } };
  });
}
