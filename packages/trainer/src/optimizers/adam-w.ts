import { addDecayedWeights, type Decays } from './add-decayed-weights.js';
import { chain } from './chain.js';
import type { Optimizer } from './optimizer.js';
import { type AdamOptions, scaleByAdam } from './scale-by-adam.js';
import { scaleByLearningRate } from './scale-by-learning-rate.js';

export interface AdamWOptions extends AdamOptions {
  /** How fast weights shrink. 0 unless given: that is Adam. */
  readonly weightDecay?: number;
  /** Which weights shrink; kernels, not biases or scales, unless given. */
  readonly decays?: Decays;
}

/**
 * Adam with decoupled weight decay.
 *
 * I. Loshchilov, F. Hutter, "Decoupled Weight Decay Regularization", ICLR 2019, algorithm 2.
 */
export function adamW({ weightDecay = 0, decays, ...adam }: AdamWOptions = {}): Optimizer {
  return chain(scaleByAdam(adam), addDecayedWeights(weightDecay, decays), scaleByLearningRate());
}
