import type { layers, SymbolicTensor } from '@tensorflow/tfjs-layers';
import { StageError } from './errors.js';

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
        `${error instanceof Error ? error.message : String(error)}`,
      { cause: error },
    );
  }
  if (Array.isArray(output) || !('sourceLayer' in output)) {
    throw new StageError(stage.name, 'has several outputs; a stage has exactly one.');
  }
  return output;
}

/** A shape as people write it, with a word for the dimension that is left open. */
export function describeShape(shape: readonly (number | null)[], open = 'batch'): string {
  return `[${shape.map((size) => size ?? open).join(', ')}]`;
}
