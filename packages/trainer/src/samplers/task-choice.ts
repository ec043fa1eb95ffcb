import type { Random } from '@espalier/core';
import type { LossTrend } from './loss-trend.js';

/** What a choice among tasks may depend on. */
export interface Moment {
  /** The tasks' names. */
  readonly tasks: readonly string[];
  /** How many examples carry each task's label. */
  readonly sizes: readonly number[];
  /** From 1. */
  readonly epoch: number;
  readonly epochs: number;
  /** Where the losses stand; all `null` unless the choice follows them. */
  readonly trends: readonly (LossTrend | null)[];
  /** How often was chosen before. */
  readonly chosen: number;
  /** This choice's own random numbers. */
  readonly random: Random;
}

/** Chooses the task that an example, or a batch, is drawn for. */
export interface TaskChoice {
  /** With its options: it names what a saved state belongs to. */
  readonly name: string;
  readonly followsLosses: boolean;
  /** The place of the chosen task. */
  choose(moment: Moment): number;
}

/** Draws the task at random. */
export function randomChoice(
  name: string,
  /** How likely the tasks are, up to a common factor. */
  shares: (moment: Moment) => readonly number[],
  followsLosses = false,
): TaskChoice {
  return { name, followsLosses, choose: (moment) => drawByShare(shares(moment), moment.random) };
}

function drawByShare(shares: readonly number[], random: Random): number {
  const total = shares.reduce((sum, share) => sum + share, 0);
  let left = random() * total;
  for (const [place, share] of shares.entries()) {
    left -= share;
    if (left < 0) return place;
  }
  // Rounding may leave a crumb behind the last share; it belongs to the last that can be drawn.
  return shares.findLastIndex((share) => share > 0);
}
