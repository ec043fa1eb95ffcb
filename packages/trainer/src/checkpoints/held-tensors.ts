import * as tf from '@tensorflow/tfjs-core';
import type { SavedTensor } from './checkpoint.js';

/** Tensors up to this many values are copied at once: a few of them take no time. */
const SMALL = 1 << 12;

/**
 * Variables as they are now, whatever becomes of them. Small ones are copied. Of a large one only the tensor is held, and
 * its values are read when they are asked for: a variable that changes takes other memory then.
 */
export class HeldTensors {
  readonly tensors: ReadonlyMap<string, SavedTensor>;
  readonly #held: tf.Tensor[] = [];

  constructor(variables: ReadonlyMap<string, tf.Variable>) {
    this.tensors = new Map(
      [...variables].map(([name, variable]) => [
        name,
        variable.size <= SMALL ? copyOf(variable) : this.#hold(variable),
      ]),
    );
  }

  dispose(): void {
    tf.dispose(this.#held);
  }

  #hold(variable: tf.Variable): SavedTensor {
    const { shape, size } = variable;
    const held = tf.keep(tf.clone(variable));
    this.#held.push(held);
    return {
      shape,
      read(start, end) {
        let values: Float32Array = new Float32Array();
        // `tf.tidy` would look for tensors in whatever it gives back, value by value.
        tf.tidy(() => {
          values = tf.slice(tf.reshape(held, [size]), start, end - start).dataSync<'float32'>();
        });
        return values;
      },
    };
  }
}

function copyOf(variable: tf.Variable): SavedTensor {
  const values = variable.dataSync<'float32'>();
  return { shape: variable.shape, read: (start, end) => values.subarray(start, end) };
}
