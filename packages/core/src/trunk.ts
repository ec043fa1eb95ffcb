import type { layers, SymbolicTensor } from '@tensorflow/tfjs-layers';
import { messageOf, StageError } from './errors.js';
import type { ByTask } from './head.js';

/** One step of a trunk: any layer, or any model used as a layer, with one input and one output. */
export type Stage = layers.Layer;

/** The shared representation: stages in the order in which features flow through them. */
export type Trunk = readonly Stage[];

/**
 * Runs features through one stage.
 *
 * @throws StageError when the stage does not take features of this shape.
 */
export function applyStage(stage: Stage, features: SymbolicTensor): SymbolicTensor {
  let output: ReturnType<Stage['apply']>;
  try {
    output = stage.apply(features);
  } catch (error) {
    throw new StageError(
      stage.name,
      `does not take features of shape ${describeShape(features.shape)}, which is what comes before it: ` +
        messageOf(error),
      { cause: error },
    );
  }
  if (Array.isArray(output) || !('sourceLayer' in output)) {
    throw new StageError(stage.name, 'has several outputs; a stage has exactly one.');
  }
  return output;
}

/**
 * Runs every task's features through one stage that they share: once for tasks that have the same features.
 *
 * @throws StageError when the stage does not take features of these shapes.
 */
export function applyShared(stage: Stage, features: ByTask): ByTask {
  const outputs = new Map<SymbolicTensor, SymbolicTensor>();
  for (const own of new Set(features.values())) outputs.set(own, applyStage(stage, own));
  return new Map([...features].map(([task, own]) => [task, outputs.get(own)!]));
}

/** A shape as people write it, with a word for the dimension that is left open. */
export function describeShape(shape: readonly (number | null)[], open = 'batch'): string {
  return `[${shape.map((size) => size ?? open).join(', ')}]`;
}
