import * as tf from '@tensorflow/tfjs-core';
import type { NamedTensors } from './entry.js';
import type { EntryNodes } from './graph.js';

/**
 * Runs a traced entry: what it draws begins with a new seed.
 *
 * @param feeds What is fed beside the seed.
 * @param run Feeds tensors to nodes, and gives the tensors of others.
 */
export function runEntry(
  { seed, outputs, done }: Pick<EntryNodes, 'seed' | 'outputs' | 'done'>,
  feeds: ReadonlyMap<string, tf.Tensor>,
  random: () => number,
  run: (feeds: ReadonlyMap<string, tf.Tensor>, fetches: readonly string[]) => tf.Tensor[],
): NamedTensors {
  const names = Object.keys(outputs);
  const fetches = names.length === 0 ? [done] : Object.values(outputs);
  const own = seed === undefined ? [] : [[seed, newSeed(random)] as const];
  try {
    const results = run(new Map([...feeds, ...own]), fetches);
    if (names.length > 0) return Object.fromEntries(names.map((name, index) => [name, results[index]!]));
    tf.dispose(results);
    return {};
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
