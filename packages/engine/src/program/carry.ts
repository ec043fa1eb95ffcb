import * as tf from '@tensorflow/tfjs-core';
import { ProgramError } from '../errors.js';
import type { NamedTensors } from './entry.js';

let count = 0;

/**
 * Tensors that one entry of a program leaves for another, and for nobody else: on native they never leave
 * TensorFlow. A carry is part of the program's `state`. Its shapes are those of the first `set`.
 *
 * @example
 * ```ts
 * const jacobian = engine.carry<{ rows: tf.Tensor2D }>();
 * const program = engine.program({
 *   state: [...weights, jacobian],
 *   entries: {
 *     gradients({ x }: { x: tf.Tensor2D }) {
 *       const rows = jacobianOf(x);
 *       jacobian.set({ rows });
 *       return { gramian: tf.matMul(rows, rows, false, true) };
 *     },
 *     apply({ weights }: { weights: tf.Tensor2D }) {
 *       update(tf.matMul(weights, jacobian.get().rows));
 *       return {};
 *     },
 *   },
 * });
 * ```
 */
export class Carry<T extends NamedTensors> {
  private readonly label = `carry-${count++}`;
  private readonly held = new Map<string, tf.Variable>();

  /**
   * Keeps a copy of these tensors in place of the former ones.
   *
   * @throws ProgramError where the names or shapes are not those of the first time.
   */
  set(tensors: T): void {
    if (this.held.size === 0) {
      for (const [name, tensor] of Object.entries(tensors)) {
        this.held.set(name, tf.variable(tensor, false, `${this.label}/${name}`));
      }
      return;
    }
    this.check(tensors);
    for (const [name, variable] of this.held) variable.assign(tensors[name]!);
  }

  /**
   * What was kept last.
   *
   * @throws ProgramError where nothing has been.
   */
  get(): T {
    if (this.held.size === 0) {
      throw new ProgramError(
        'a carry was read before anything was set. Run the entry that sets it before the one that gets it.',
      );
    }
    return Object.fromEntries(this.held) as NamedTensors as T;
  }

  /** The variables that hold the tensors: none before the first `set`. */
  get variables(): readonly tf.Variable[] {
    return [...this.held.values()];
  }

  /** Frees the copies. */
  dispose(): void {
    tf.dispose(this.variables as tf.Variable[]);
    this.held.clear();
  }

  private check(tensors: T): void {
    const describe = (named: Iterable<readonly [string, tf.Tensor]>) =>
      [...named].map(([name, { dtype, shape }]) => `${name}: ${dtype} [${shape.join(', ')}]`).join('; ');
    const expected = describe(this.held);
    const found = describe(
      [...this.held.keys()].flatMap((name) => (tensors[name] ? [[name, tensors[name]]] : [])),
    );
    if (expected !== found || Object.keys(tensors).length !== this.held.size) {
      throw new ProgramError(
        `a carry keeps the names and shapes of its first set: expected ${expected}, found ${describe(Object.entries(tensors))}. ` +
          'Use another carry for other shapes.',
      );
    }
  }
}

/** A new, empty carry. */
export function carry<T extends NamedTensors>(): Carry<T> {
  return new Carry<T>();
}
