import type { Sharing } from '@espalier/core';
import {
  adapters,
  branchedSharing,
  cgc,
  crossStitch,
  crossTaskAttention,
  dselectK,
  film,
  hardSharing,
  learnedBranches,
  mmoe,
  mtan,
  nddr,
  ple,
  softSharing,
} from '@espalier/sharing';

/** Every strategy that there is, for models with the tasks a, b and c. */
export const strategies: Readonly<Record<string, Sharing>> = {
  hard: hardSharing(),
  branched: branchedSharing({ forks: { high: [['a', 'c'], ['b']] } }),
  'learned branches': learnedBranches(),
  'soft by distance': softSharing({ penalty: 'squared-distance', weight: 0.1 }),
  'soft by trace norm': softSharing({ penalty: 'trace-norm', weight: 0.1 }),
  'cross-stitch': crossStitch(),
  NDDR: nddr(),
  MMoE: mmoe({ experts: 2 }),
  CGC: cgc({ shared: 1, own: 1, from: 'high' }),
  PLE: ple({ shared: 2, own: 1 }),
  'DSelect-k': dselectK({ experts: 4, select: 2 }),
  MTAN: mtan(),
  'cross-task attention': crossTaskAttention(),
  FiLM: film(),
  adapters: adapters({ size: 3 }),
};

/** Those in which a task's features are made from the other tasks' features of the same examples. */
export const mixing: readonly string[] = ['learned branches', 'cross-stitch', 'NDDR', 'cross-task attention'];
