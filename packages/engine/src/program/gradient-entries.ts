import * as tf from '@tensorflow/tfjs-core';
import { withTape } from '../tape.js';
import { type Carry, carry } from './carry.js';
import type { NamedTensors } from './entry.js';

export interface GradientEntriesOptions<Inputs extends NamedTensors, ApplyInputs extends NamedTensors> {
  /** The forward pass: one scalar of float32 a task. */
  readonly losses: (inputs: Inputs) => readonly tf.Scalar[];
  /** The P values on which the tasks may disagree: their gradients are weighted. */
  readonly shared: readonly tf.Variable[];
  /** The rest, such as heads: they get the gradient of the plain sum. */
  readonly own: readonly tf.Variable[];
  /** Takes the gradients of all variables that a loss depends on. */
  readonly update: (gradients: ReadonlyMap<tf.Variable, tf.Tensor>, inputs: ApplyInputs) => void;
}

/** Two entries for a program, and what it must have in its state for them besides the variables. */
export interface GradientEntries<Inputs extends NamedTensors, ApplyInputs extends NamedTensors> {
  readonly entries: {
    /** One forward pass, T backward. `losses`: [T]. `gramian`: [T, T], the gradients' inner products. */
    readonly gradients: (inputs: Inputs) => { readonly losses: tf.Tensor1D; readonly gramian: tf.Tensor2D };
    /** Updates with the gradients of the last call of `gradients`, the shared ones times `weights`: [T]. */
    readonly apply: (inputs: ApplyInputs & { readonly weights: tf.Tensor1D }) => Record<never, never>;
  };
  readonly carry: Carry<NamedTensors>;
}

/**
 * Per-task gradients for a method that weights tasks by their Gramian (MGDA, UPGrad, Nash-MTL, CAGrad and the like):
 * the gradients stay where they are computed, T x T numbers come out, and T weights go in.
 *
 * @throws GradientError from `gradients` where a loss is not a scalar of float32.
 *
 * @example
 * ```ts
 * const { entries, carry } = engine.gradientEntries({ losses, shared, own, update });
 * const program = engine.program({ state: [...shared, ...own, carry], entries });
 * const { gramian } = program.entries.gradients({ x, y });
 * const weights = tf.tensor1d(solve(gramian.arraySync()));
 * program.entries.apply({ weights });
 * ```
 */
export function gradientEntries<
  Inputs extends NamedTensors,
  ApplyInputs extends NamedTensors = Record<never, never>,
>({
  losses,
  shared,
  own,
  update,
}: GradientEntriesOptions<Inputs, ApplyInputs>): GradientEntries<Inputs, ApplyInputs> {
  const held = carry<NamedTensors>();
  const sharedName = (index: number) => `shared${index}`;
  const ownName = (index: number) => `own${index}`;
  return {
    carry: held,
    entries: {
      gradients: (inputs) =>
        withTape(
          'gradients',
          () => losses(inputs),
          [...shared, ...own],
          (values, walkBack) => {
            const tasks = values.map(walkBack);
            // A block a variable: one Jacobian of all would copy every gradient once more.
            const jacobians = shared.map(({ id, shape, size }) =>
              tf.reshape(tf.stack<tf.Tensor>(tasks.map((reached) => reached.get(id) ?? tf.zeros(shape))), [
                tasks.length,
                size,
              ]),
            );
            const sums = own.flatMap(({ id }, index) => {
              const parts = tasks.flatMap((reached) => reached.get(id) ?? []);
              return parts.length === 0
                ? []
                : [[ownName(index), parts.reduce((sum, part) => tf.add(sum, part))] as const];
            });
            held.set(
              Object.fromEntries([
                ...jacobians.map((jacobian, index) => [sharedName(index), jacobian] as const),
                ...sums,
              ]),
            );
            return {
              losses: tf.stack([...values]) as tf.Tensor1D,
              gramian: tf.addN(
                jacobians.map((jacobian) => tf.matMul(jacobian, jacobian, false, true)),
              ) as tf.Tensor2D,
            };
          },
        ),
      apply(inputs) {
        const kept = held.get();
        const weights = tf.expandDims(inputs.weights, 0);
        update(
          new Map([
            ...shared.map((variable, index) => {
              const weighted = tf.matMul(weights, kept[sharedName(index)]!);
              return [variable, tf.reshape(weighted, variable.shape)] as const;
            }),
            ...own.flatMap((variable, index) => {
              const sum = kept[ownName(index)];
              return sum === undefined ? [] : [[variable, sum] as const];
            }),
          ]),
          inputs,
        );
        return {};
      },
    },
  };
}
