import type { SymbolicTensor } from '@tensorflow/tfjs-layers';
import type { Features } from './head.js';
import type { Trunk } from './trunk.js';

/**
 * Which parts of the network the tasks share. A strategy decides what is shared, copied, mixed or attended;
 * it never looks inside a stage, so that every strategy works with every trunk.
 */
export interface Sharing {
  /** The strategy with the options that change its weights; compared when weights are loaded. */
  readonly kind: string;

  /**
   * Leads the input through the trunk once for every task.
   *
   * @returns for every task its features: one tensor a stage, in the trunk's order.
   * @throws StageError when stages do not chain.
   */
  connect(trunk: Trunk, input: SymbolicTensor, tasks: readonly string[]): ReadonlyMap<string, Features>;
}
