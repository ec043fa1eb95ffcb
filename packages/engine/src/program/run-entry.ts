import * as tf from '@tensorflow/tfjs-core';
import type { NamedTensors } from './entry.js';
import type { EntryNodes } from './graph.js';

/** How the nodes of an entry are run. */
interface EntryRuns {
  /** Feeds tensors to nodes, and gives the tensors of others. */
  fetch(feeds: ReadonlyMap<string, tf.Tensor>, fetches: readonly string[]): tf.Tensor[];
  /** Runs a node for what it does. */
  perform(feeds: ReadonlyMap<string, tf.Tensor>, node: string): void;
}

/**
 * Runs a traced entry: what it draws begins with a new seed.
 *
 * @param feeds What is fed beside the seed.
 */
export function runEntry(
  { seed, outputs, done }: Pick<EntryNodes, 'seed' | 'outputs' | 'done'>,
  feeds: ReadonlyMap<string, tf.Tensor>,
  random: () => number,
  runs: EntryRuns,
): NamedTensors {
  const names = Object.keys(outputs);
  const own = seed === undefined ? [] : [[seed, newSeed(random)] as const];
  const fed = new Map([...feeds, ...own]);
  try {
    if (names.length === 0) {
      runs.perform(fed, done);
      return {};
    }
    const results = runs.fetch(fed, Object.values(outputs));
    return Object.fromEntries(names.map((name, index) => [name, results[index]!]));
  } finally {
    for (const [, tensor] of own) tensor.dispose();
  }
}

/** What is fed to an entry's seed. */
export function newSeed(random: () => number): tf.Tensor {
  return tf.tensor1d(
    [random(), random()].map((value) => Math.floor(value * 2 ** 31)),
    'int32',
  );
}
