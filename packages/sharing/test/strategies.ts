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
  lowRankAdapters,
  mmoe,
  mtan,
  nddr,
  ple,
  sluice,
  softSharing,
  taskTokens,
} from '@espalier/sharing';

/** Every strategy that there is, for models with the tasks a, b and c. */
export const strategies: Readonly<Record<string, Sharing>> = {
  hard: hardSharing(),
  branched: branchedSharing({ forks: { high: [['a', 'c'], ['b']] } }),
  'learned branches': learnedBranches(),
  'soft by distance': softSharing({ penalty: 'squared-distance', weight: 0.1 }),
  'soft by trace norm': softSharing({ penalty: 'trace-norm', weight: 0.1 }),
  'cross-stitch': crossStitch(),
  sluice: sluice(),
  NDDR: nddr(),
  MMoE: mmoe({ experts: 2 }),
  CGC: cgc({ shared: 1, own: 1, from: 'high' }),
  PLE: ple({ shared: 2, own: 1 }),
  'DSelect-k': dselectK({ experts: 4, select: 2 }),
  MTAN: mtan(),
  'cross-task attention': crossTaskAttention(),
  'cross-task attention at every stage': crossTaskAttention({ from: 'low' }),
  'task tokens': taskTokens({ tokens: 2 }),
  FiLM: film(),
  adapters: adapters({ size: 3 }),
  'low-rank adapters': lowRankAdapters({ rank: 2 }),
};

/** Those in which a task's features are made from the other tasks' features of the same examples. */
export const mixing: readonly string[] = [
  'learned branches',
  'cross-stitch',
  'sluice',
  'NDDR',
  'cross-task attention',
  'cross-task attention at every stage',
  'task tokens',
];
