/**
 * Memory for the inputs of batches that come one after another: each takes over that of the one before, which must not be
 * used any more. Where every batch has memory of its own, JavaScript collects garbage all the time.
 *
 * Only for batches whose values an engine copies before the next one is made, as traced steps on native TensorFlow do: on
 * other engines a tensor is its values.
 */
export class BatchMemory {
  readonly #values = new Map<number, Float32Array>();

  /** Zeros for an input of the model: so many. */
  take(input: number, size: number): Float32Array {
    let values = this.#values.get(input);
    if (values === undefined || values.length < size) {
      values = new Float32Array(size);
      this.#values.set(input, values);
    }
    return values.subarray(0, size).fill(0);
  }
}
