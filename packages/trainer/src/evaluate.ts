import type {
  ExampleOf,
  Heads,
  InputKind,
  LabelOf,
  MultiTaskModel,
  Predictions,
  TaskName,
} from '@espalier/core';
import * as tf from '@tensorflow/tfjs-core';
import { checkNotEmpty, type Data, type DataOf, mapData } from './data.js';
import { judgedTasks } from './delta.js';
import { TrainerError } from './errors.js';
import { useOutputs } from './traced-outputs.js';

/** The value of every metric of every task, by the metric's name. */
export type Evaluation<H extends Heads> = { readonly [T in TaskName<H>]: Readonly<Record<string, number>> };

export interface EvaluateOptions {
  /** How many examples go through the network at once; it changes the memory, not the result. */
  readonly batchSize: number;
}

/**
 * Measures a model by the metrics of its heads, each task on the examples that carry its label.
 *
 * @throws TrainerError when the data set is empty, a task has no label in it, or a metric has no direction.
 */
export async function evaluate<H extends Heads, I extends InputKind = 'common'>(
  model: MultiTaskModel<H, I>,
  data: DataOf<H, I>,
  options: EvaluateOptions,
): Promise<Evaluation<H>> {
  checkNotEmpty(data, 'evaluate on');
  judgedTasks(model);
  const examples: ExampleOf<H, I>[] = [];
  const predictions = await predict(
    model,
    mapData(data, (example) => {
      examples.push(example);
      return example;
    }),
    options,
  );
  const evaluation = model.tasks.map(({ name, head }) => {
    const predicted = examples.filter(({ input }) => hasInput(input, name));
    const blind = examples.findIndex(
      ({ input, labels }) => labels[name] !== undefined && !hasInput(input, name),
    );
    if (blind >= 0)
      throw new TrainerError(`Task "${name}": example ${blind} has its label, but not its input.`);
    const known = predicted.flatMap(({ labels }, index) => (labels[name] === undefined ? [] : [index]));
    if (known.length === 0) {
      throw new TrainerError(`Task "${name}": no example of the data set to evaluate on carries its label.`);
    }
    // The same lists for all metrics: some of them share what they count.
    const found = known.map((index) => predictions[name][index]);
    const truth = known.map((index) => predicted[index].labels[name] as LabelOf<H[typeof name]>);
    const values = head.metrics.map((metric) => [metric.name, metric.compute(found, truth)]);
    return [name, Object.fromEntries(values)];
  });
  return Object.fromEntries(evaluation) as Evaluation<H>;
}

/** Where tasks have inputs of their own, an example may lack some. */
function hasInput(input: unknown, task: string): boolean {
  return input instanceof Float32Array || Object(input)[task] !== undefined;
}

/**
 * What a model says about every example of a data set, on native TensorFlow by graphs where inputs of one shape keep coming: for every task one prediction an example, in order. Where tasks
 * have inputs of their own, one an example that has the task's.
 */
export async function predict<H extends Heads, I extends InputKind = 'common'>(
  model: MultiTaskModel<H, I>,
  data: Data<Pick<ExampleOf<H, I>, 'input'>>,
  { batchSize }: EvaluateOptions,
): Promise<Predictions<H>> {
  checkNotEmpty(data, 'predict');
  const all = new Map<string, unknown[]>(model.tasks.map(({ name }) => [name, []]));
  await useOutputs(model, async (outputs) => {
    for (let start = 0; start < data.length; start += batchSize) {
      const size = Math.min(batchSize, data.length - start);
      const rows = Array.from({ length: size }, (_, offset) => data.at(start + offset).input);
      // The last batch is filled up to the shape that there is a graph for.
      const isCommon = rows[0] instanceof Float32Array;
      while (outputs.traced && isCommon && start > 0 && rows.length < batchSize) rows.push(rows[0]);
      const inputs = model.stack(rows);
      try {
        const predictions = await model.predict(inputs, (given) => outputs.run(given));
        for (const { name } of model.tasks) {
          all.get(name)?.push(...(isCommon ? predictions[name].slice(0, size) : predictions[name]));
        }
      } finally {
        tf.dispose(inputs);
      }
    }
  });
  return Object.fromEntries(all) as unknown as Predictions<H>;
}
