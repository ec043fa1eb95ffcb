import type { Sharing } from '@espalier/core';
import type { SymbolicTensor } from '@tensorflow/tfjs-layers';
import { Attention } from './attention.js';
import { addLayer } from './layer.js';
import { exchangeFrom } from './own-trunks.js';

export interface CrossTaskPlace {
  /**
   * The name of the stage from which on each task has its own copy and attends to the others. Without it that is the
   * last stage. All tasks share the stages before it.
   */
  readonly from?: string;
}

/**
 * Cross-task attention: the tasks share the first stages; of the others each has a copy, and behind each of these the
 * task's features attend to the other tasks'. A position asks, all positions of all other tasks answer, and the answer
 * is added. Of two tasks with vectors for features there is one position to attend to, whose share is 1.
 *
 * The attention is the scaled dot product with one head of A. Vaswani et al., "Attention Is All You Need", NeurIPS 2017,
 * section 3.2.1. For many positions `taskTokens` is cheaper: there, tasks attend through a few tokens.
 *
 * @throws StageError when the trunk has no stage of that name.
 */
export function crossTaskAttention({ from }: CrossTaskPlace = {}): Sharing {
  return {
    kind: `cross-task-attention(${JSON.stringify({ from })})`,
    connect: (trunk, inputs) =>
      exchangeFrom(trunk, inputs, from, (stage, own) => {
        const attended = [...own].map(([task, features]): [string, SymbolicTensor] => {
          const others = [...own].flatMap(([other, theirs]) => (other === task ? [] : [theirs]));
          const attention = new Attention({ name: `${task}/${stage}/attention` });
          return [task, others.length === 0 ? features : addLayer(attention, [features, ...others])];
        });
        return new Map(attended);
      }),
  };
}
