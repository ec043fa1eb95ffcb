import type { Heads, InputKind, MultiTaskModel } from '@espalier/core';
import { type Carry, carry, type NamedTensors, overWorkers, perTaskGradients } from '@espalier/engine';
import { gramian } from '@espalier/losses/tensors';
import * as tf from '@tensorflow/tfjs-core';
import { labelledTasks, type Part, tasksWith } from './batch-tensors.js';
import type { Combination } from './combination.js';
import { type ForwardPass, sumLosses, workerShare } from './forward-pass.js';
import { readLosses, spread, taskScalars } from './task-numbers.js';
import { follows, type TrainedWeight } from './trained-weights.js';
import type { ByTask, GradientSource, Update, UpdateContext } from './update.js';
import { setZero, zerosVariable } from './zeros-variable.js';

type Rows = readonly (Float32Array | undefined)[];

/**
 * A gradient a task from one forward pass, aggregated over the weights that tasks share; a weight that only one task
 * depends on follows that task.
 *
 * The gradients stay on the engine. JavaScript gets the losses and the T × T Gramian; or, for methods that compute
 * with the gradients themselves, the T × n Jacobian.
 */
export function taskGradients<H extends Heads, I extends InputKind>(
  model: MultiTaskModel<H, I>,
  weights: readonly TrainedWeight[],
  forward: ForwardPass<H, I>,
  { weighting, aggregator }: Combination,
): GradientSource {
  const shared = weights.filter(({ tasks }) => tasks.length > 1);
  const own = weights.filter(({ tasks }) => tasks.length === 1);
  const sizes = shared.map(({ variable }) => variable.size);
  const width = sizes.reduce((sum, size) => sum + size, 0);
  const rows = model.tasks.map(() => zerosVariable({ shape: [width] }));
  const heldOwn = own.map(({ variable }) => zerosVariable(variable));
  const penalties: Carry<NamedTensors> = carry();

  const asksFor = (what: string) => width > 0 && (weighting.needs === what || aggregator?.needs === what);
  const scalar = (inputs: NamedTensors, task: number, kind: string) =>
    inputs[`${model.tasks[task].name}/${kind}`];

  const ownShare = (inputs: NamedTensors, task: number) => workerShare(inputs, model.tasks[task].name);

  /** In place of what is held, or where the batch is a share of the step's examples added to it. */
  const hold = (held: tf.Variable, gradient: tf.Tensor, share: tf.Tensor | undefined) =>
    held.assign(share === undefined ? gradient : tf.add(held, tf.mul(gradient, share)));
  const looks = (flat: readonly tf.Tensor[]): NamedTensors => ({
    ...(asksFor('gramian') && { gramian: gramian(flat.map((row) => [row])) }),
    ...(asksFor('jacobian') && { jacobian: tf.stack([...flat]) }),
  });

  function aggregate(
    losses: ByTask,
    factors: Float64Array,
    { gramian, jacobian }: { readonly gramian: Rows | undefined; readonly jacobian: Rows | undefined },
    state: Update['state']['aggregator'],
    { random }: UpdateContext,
  ): { inputs: NamedTensors; state: Update['state']['aggregator'] } {
    const present = losses.flatMap((loss, task) => (loss === undefined ? [] : [task]));
    if (aggregator === undefined || state === undefined || width === 0) {
      return { inputs: taskScalars(model, 'shared-weight', factors, present), state };
    }
    const context = { random, losses };
    if (aggregator.needs === 'jacobian') {
      const weighted = jacobian!.map((row, task) => row?.map((value) => value * factors[task]));
      const { direction, state: next } = aggregator.step(state, weighted, context);
      return { inputs: { direction: tf.tensor1d(Float32Array.from(direction)) }, state: next };
    }
    const needs = aggregator.needsNext?.(state) ?? aggregator.needs;
    const input =
      needs === 'losses'
        ? losses
        : gramian!.map((row, task) => row?.map((value, other) => value * factors[task] * factors[other]));
    const { weights: found, state: next } = aggregator.step(state, input, context);
    const combined = found.map((weight, task) => weight * factors[task]);
    return { inputs: taskScalars(model, 'shared-weight', combined, present), state: next };
  }

  return {
    state: [...rows, ...heldOwn, penalties],

    begin: () => [...rows, ...heldOwn].forEach(setZero),

    gradients(inputs) {
      const present = tasksWith(model, 'mask', inputs);
      const { losses, gradients } = perTaskGradients(
        () => {
          const pass = forward.run(inputs);
          return [
            ...pass.losses,
            ...(pass.penalties.length > 0 ? [tf.addN(pass.penalties) as tf.Scalar] : []),
          ];
        },
        [...shared, ...own].map(({ variable }) => variable),
      );
      for (const [place, task] of present.entries()) {
        for (const [index, weight] of own.entries()) {
          if (weight.tasks[0] !== task) continue;
          const gradient = overWorkers(gradients[place][shared.length + index], ownShare(inputs, task));
          hold(heldOwn[index], gradient, scalar(inputs, task, 'share'));
        }
      }
      const penalty = gradients[present.length];
      if (penalty !== undefined) {
        const summed = penalty.map((gradient) => overWorkers(gradient, workerShare(inputs)));
        penalties.set(Object.fromEntries(summed.entries()));
      }
      const outputs = { losses: sumLosses(model, inputs, losses) };
      if (width === 0) return outputs;

      // The rows of all examples: inner products of workers' own would not be theirs.
      const flat = present.map((task, place) => {
        const row = tf.concat(shared.map((_, index) => tf.reshape(gradients[place][index], [sizes[index]])));
        return overWorkers(row, ownShare(inputs, task));
      });
      for (const [place, task] of present.entries())
        hold(rows[task], flat[place], scalar(inputs, task, 'share'));
      return { ...outputs, ...('part' in inputs ? {} : looks(flat)) };
    },

    compare: () => looks(rows),

    decide(entries, parts, state, context) {
      const present = labelledTasks(parts);
      let outputs: NamedTensors = {};
      if (parts.length > 1) entries.begin();
      const gradients = (part: Part) => {
        const shares = part.shares.map((share) => share ?? 0);
        outputs = entries.gradients(
          part,
          parts.length > 1 ? taskScalars(model, 'share', shares, labelledTasks([part])) : {},
        );
        return outputs;
      };
      const losses = readLosses(model, parts, gradients, context.step);
      if (parts.length > 1) outputs = entries.compare();
      const compared =
        parts.length > 1 ? model.tasks.map((_, task) => task) : tasksWith(model, 'mask', parts[0].tensors);
      const known = (rows: Rows) => rows.map((row, task) => (present.includes(task) ? row : undefined));
      const seen = {
        gramian: outputs.gramian && known(widen(model, compared, readRows(outputs.gramian))),
        jacobian: outputs.jacobian && known(spread(model, compared, readRows(outputs.jacobian))),
      };
      const { step, epoch, random } = context;
      const weighed = weighting.step(state.weighting, losses, {
        step: step - 1,
        epoch,
        random,
        ...(seen.gramian !== undefined && { gramian: seen.gramian }),
      });
      const aggregated = aggregate(losses, weighed.weights, seen, state.aggregator, context);
      return {
        losses,
        weights: losses.map((loss, task) => (loss === undefined ? undefined : weighed.weights[task])),
        ...(seen.gramian !== undefined && { gramian: seen.gramian }),
        state: { weighting: weighed.state, aggregator: aggregated.state },
        inputs: { ...taskScalars(model, 'weight', weighed.weights, present), ...aggregated.inputs },
      };
    },

    gradientsOf(inputs) {
      const present = tasksWith(model, 'weight', inputs);
      const direction =
        inputs.direction ??
        tf.addN(present.map((task) => tf.mul(rows[task], scalar(inputs, task, 'shared-weight'))));
      const parts = width > 0 ? tf.split(direction, sizes) : [];
      const penalty = penalties.variables.length > 0 ? penalties.get() : undefined;
      return new Map(
        [...shared, ...own].flatMap((weight, index) => {
          if (!follows(weight, present)) return [];
          const gradient =
            index < shared.length
              ? tf.reshape(parts[index], weight.variable.shape)
              : tf.mul(heldOwn[index - shared.length], scalar(inputs, weight.tasks[0], 'weight'));
          return [
            [weight.name, penalty === undefined ? gradient : tf.add(gradient, penalty[index])] as const,
          ];
        }),
      );
    },

    dispose() {
      tf.dispose([...rows, ...heldOwn]);
      penalties.dispose();
    },
  };
}

function readRows(matrix: tf.Tensor): Float32Array[] {
  const [height, width] = matrix.shape;
  const values = matrix.dataSync<'float32'>();
  return Array.from({ length: height }, (_, row) => values.slice(row * width, (row + 1) * width));
}

/** The inner products of the present tasks, as rows and columns for all. */
function widen<H extends Heads, I extends InputKind>(
  model: MultiTaskModel<H, I>,
  present: readonly number[],
  rows: readonly Float32Array[],
): Rows {
  return spread(
    model,
    present,
    rows.map((row) => Float32Array.from(spread(model, present, row), (value) => value ?? 0)),
  );
}
