import type { Batch, Heads, MultiTaskModel } from '@espalier/core';
import { perTaskGradients } from '@espalier/engine';
import { aggregate, combine, readGramian, readLosses } from '@espalier/losses/tensors';
import * as tf from '@tensorflow/tfjs-core';
import { checkFinite } from './errors.js';
import type { TrainStepOptions, Update } from './update.js';

/**
 * A gradient a task from one forward pass, aggregated over the weights that tasks share; a weight that only one task
 * depends on follows that task. The gradients are the caller's to dispose.
 */
export function taskGradients<H extends Heads>(
  model: MultiTaskModel<H>,
  batch: Batch<H>,
  { weighting, aggregator, state, step, epoch, random }: TrainStepOptions,
): Update {
  const { variables } = model;
  const reached = model.tasks.map(({ name }) => new Set(model.variablesOf(name)));
  const owners = variables.map((variable) =>
    reached.flatMap((own, task) => (own.has(variable) ? [task] : [])),
  );
  const present = model.tasks.flatMap(({ name }, task) => (batch.targets[name].labelled > 0 ? [task] : []));

  let update!: Update;
  tf.tidy(() => {
    const { losses, gradients: rows } = perTaskGradients(() => {
      const byTask = model.losses(batch, { training: true });
      const all = model.tasks.map(({ name }) => byTask[name]);
      checkFinite(model, all, step);
      const penalties = model.network.calculateLosses();
      const known = present.flatMap((task) => all[task] ?? []);
      return penalties.length > 0 ? [...known, tf.addN(penalties) as tf.Scalar] : known;
    }, variables);
    const penalty = rows[present.length];
    const byTask = <Value>(values: readonly Value[]) =>
      model.tasks.map((_, task) => (present.includes(task) ? values[present.indexOf(task)] : undefined));
    const shared = (row: readonly tf.Tensor[]) => row.filter((_, index) => owners[index].length > 1);

    const numbers = readLosses(byTask(losses));
    const weighed = weighting.step(state.weighting, numbers, {
      step: step - 1,
      epoch,
      random,
      ...(weighting.needs === 'gramian' && { gramian: readGramian(byTask(rows.map(shared))) }),
    });
    const weighted = byTask(
      present.map((task, index) => rows[index].map((gradient) => tf.mul(gradient, weighed.weights[task]))),
    );
    const sharedRows = weighted.map((row) => row && shared(row));
    const aggregated =
      aggregator === undefined || state.aggregator === undefined
        ? {
            direction: combine(
              sharedRows,
              weighted.map(() => 1),
            ),
            state: undefined,
          }
        : aggregate(aggregator, state.aggregator, sharedRows, { random, losses: numbers });

    const directions = aggregated.direction.values();
    const gradients = new Map<tf.Variable, tf.Tensor>();
    for (const [index, variable] of variables.entries()) {
      const direction =
        owners[index].length > 1 ? directions.next().value : weighted[owners[index][0]]?.[index];
      if (direction === undefined) continue;
      gradients.set(variable, tf.keep(penalty === undefined ? direction : tf.add(direction, penalty[index])));
    }
    update = {
      losses: numbers,
      gradients,
      state: { weighting: weighed.state, aggregator: aggregated.state },
    };
  });
  return update;
}
