import type { ByTask, Features } from './head.js';
import type { Trunk } from './trunk.js';

/**
 * Which parts of the network the tasks share. A strategy decides what is shared, copied, mixed or attended;
 * it never looks inside a stage, so that every strategy works with every trunk.
 */
export interface Sharing {
  /** The strategy with the options that change its weights; compared when weights are loaded. */
  readonly kind: string;

  /**
   * Leads every task from its input through the trunk.
   *
   * @param inputs where each task begins: the same tensor for all, or one each.
   * @returns for every task its features: one tensor a stage, in the trunk's order.
   * @throws StageError when stages do not chain.
   */
  connect(trunk: Trunk, inputs: ByTask): ReadonlyMap<string, Features>;
}
