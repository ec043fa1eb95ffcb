import { Block, describeShape, StageError } from '@espalier/core';
import * as tf from '@tensorflow/tfjs-core';
import type { SymbolicTensor } from '@tensorflow/tfjs-layers';

type Shape = Parameters<Block['build']>[0];
type ApplyArguments = Parameters<Block['apply']>;

/**
 * A stage of a decoder: beside the features in front of it, it takes the nearest larger ones on the way that these
 * came. So a trunk stays a plain list of stages, and whatever a sharing strategy puts between them is on the way too.
 * Both are maps, [batch, height, width, channels].
 */
export abstract class LookingBack extends Block {
  /**
   * @throws StageError when nothing in front is larger, or a strategy has mixed the tasks' features in front, so that
   * the way is not clear.
   */
  override apply(...[inputs, kwargs]: ApplyArguments): ReturnType<Block['apply']> {
    // A network that runs gives both.
    if (Array.isArray(inputs) || !('sourceLayer' in inputs)) return super.apply(inputs, kwargs);
    return super.apply([inputs, this.#largerThan(inputs)], kwargs);
  }

  override computeOutputShape(inputShape: Shape): Shape {
    const [features, skip] = shapes(inputShape);
    return [...skip.slice(0, 3), this.outputChannels(features[3], skip[3])];
  }

  override call(...[inputs, kwargs]: Parameters<Block['call']>): tf.Tensor {
    return tf.tidy(() => {
      const [features, skip] = inputs as tf.Tensor4D[];
      const [height, width] = skip.shape.slice(1);
      return this.merge(upsample(features, height, width), skip, kwargs);
    });
  }

  protected abstract outputChannels(features: number | null, skip: number | null): number | null;

  /** Both have the height and width of the output. */
  protected abstract merge(
    features: tf.Tensor4D,
    skip: tf.Tensor4D,
    kwargs: Parameters<Block['call']>[1],
  ): tf.Tensor;

  #largerThan(features: SymbolicTensor): SymbolicTensor {
    const isLarger = ({ shape }: SymbolicTensor) =>
      shape.length === 4 && Number(shape[1]) > Number(features.shape[1]);
    let before: readonly SymbolicTensor[] = [features];
    while (before.length > 0) {
      before = [...new Set(before.flatMap(({ inputs }) => inputs))];
      const [larger, ...others] = before.filter(isLarger);
      if (others.length > 0) {
        throw new StageError(
          this.name,
          `cannot tell which of ${others.length + 1} maps in front of it is its own: a sharing strategy mixes the ` +
            'tasks there. Take one that shares, copies or branches.',
        );
      }
      if (larger !== undefined) return larger;
    }
    throw new StageError(
      this.name,
      `finds no map in front of it that is higher than its own, ${describeShape(features.shape)}; leave out this ` +
        'stage, or give the trunk in front of it more strides.',
    );
  }
}

/** The shapes of the features and of the larger ones. */
export function shapes(inputShape: Shape): readonly (readonly (number | null)[])[] {
  return inputShape as readonly (readonly (number | null)[])[];
}

/** Every cell repeated, [batch, height, width, channels], and cut off where that is more than asked for. */
function upsample(features: tf.Tensor4D, height: number, width: number): tf.Tensor4D {
  const [batch, rows, columns, channels] = features.shape;
  const down = Math.ceil(height / rows);
  const across = Math.ceil(width / columns);
  // By concatenations, since their gradients exist on every engine.
  const cells = tf.reshape(features, [batch * rows * columns, 1, channels]);
  const wide = tf.concat(Array<tf.Tensor>(across).fill(cells), 1);
  const lines = tf.reshape(wide, [batch * rows, 1, columns * across * channels]);
  const high = tf.concat(Array<tf.Tensor>(down).fill(lines), 1);
  const all = tf.reshape(high, [batch, rows * down, columns * across, channels]);
  return all.shape[1] === height && all.shape[2] === width
    ? (all as tf.Tensor4D)
    : (tf.slice(all, [0, 0, 0, 0], [batch, height, width, channels]) as tf.Tensor4D);
}
