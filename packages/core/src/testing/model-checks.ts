import * as tf from '@tensorflow/tfjs-core';
import { type Batch, disposeBatch, type ExampleOf, target } from '../batch.js';
import { messageOf } from '../errors.js';
import type { Heads, TaskName } from '../head.js';
import type { MultiTaskModel } from '../multi-task-model.js';
import { seededRandom, withRandom } from '../random.js';
import { type ConformanceCheck, ConformanceError, expect, relativeDifference } from './conformance.js';

/** Sums that are taken in another order differ by rounding. */
const ROUNDING = 1e-5;

/** What every model has to do, whatever it is composed of. */
export interface ModelUnderTest<H extends Heads> {
  /** Composes the model anew. */
  compose(seed: number): MultiTaskModel<H>;
  /** At least two examples, each with a label for every task. */
  readonly examples: readonly ExampleOf<H>[];
}

/** The checks that heads and sharing strategies have in common: masks, gradients, saving, seeds and memory. */
export function modelChecks<H extends Heads>({ compose, examples }: ModelUnderTest<H>): ConformanceCheck[] {
  const withModel = (check: (model: MultiTaskModel<H>) => void | Promise<void>) => async () => {
    const model = compose(1);
    try {
      await check(model);
    } finally {
      model.dispose();
    }
  };

  return [
    {
      name: 'every loss is a finite number',
      run: withModel((model) => {
        const { losses } = measure(model, examples);
        for (const { name } of model.tasks) {
          expect(
            Number.isFinite(losses.get(name)),
            `The loss of task "${name}" is ${losses.get(name)}: clip what logarithms, roots and quotients are taken of.`,
          );
        }
      }),
    },
    {
      name: 'every trainable weight is reached by the gradient of some task',
      run: withModel((model) => {
        const reach = () => model.tasks.flatMap(({ name }) => reachedWeights(model, examples, name));
        const reached = new Set(reach());
        // What begins at zero may hide another weight, as one factor of a product does.
        nudge(model.variables);
        for (const name of reach()) reached.add(name);
        const missed = model.variables.map(({ name }) => name).filter((name) => !reached.has(name));
        expect(
          missed.length === 0,
          `No task's gradient reaches ${missed.join(', ')} on these examples: let losses() use what these weights ` +
            'give, leave them out, or give labels that need them.',
        );
      }),
    },
    {
      name: 'examples without a label change neither loss nor gradient',
      run: withModel((model) => {
        for (const { name } of model.tasks) {
          const [first, ...others] = examples;
          const alone = measure(model, onlyLabelled([first], name), false);
          const masked = measure(model, onlyLabelled([first, ...unlabelled(others, name)], name), false);
          expectSame(alone, masked, `task "${name}" with the other examples unlabelled, and the first alone`);
        }
      }),
    },
    {
      name: 'what stands in the target of an example without a label does not matter',
      run: withModel((model) => {
        for (const { name } of model.tasks) {
          const known = examples.map((_, index) => index === 0);
          const measured = [examples, swapped(examples, name)].map((own) => {
            const batch = masked(model.batch(onlyLabelled(own, name)), name, known);
            try {
              return withRandom(seededRandom(7), () => measureBatch(model, batch, true));
            } finally {
              disposeBatch(batch);
            }
          });
          expectSame(measured[0], measured[1], `task "${name}" with other values in its masked targets`);
        }
      }),
    },
    {
      name: 'a task without a label in the batch is left out',
      run: withModel((model) => {
        for (const { name } of model.tasks) {
          const { losses, gradients } = measure(model, unlabelled(examples, name));
          expect(
            !losses.has(name),
            `Task "${name}" has a loss, ${losses.get(name)}, in a batch without its label.`,
          );
          for (const [weight, gradient] of gradients) {
            expect(
              gradient.every(Number.isFinite),
              `The gradient of ${weight} is not finite without "${name}".`,
            );
          }
        }
      }),
    },
    {
      name: 'saved weights give equal outputs in another model',
      run: withModel(async (model) => {
        const other = compose(2);
        try {
          other.importWeights(await model.exportWeights());
          for (const [index, output] of outputs(model, examples).entries()) {
            const difference = relativeDifference(output, outputs(other, examples)[index]);
            expect(
              difference === 0,
              `The output of "${model.tasks[index].name}" differs by ${difference} after loading.`,
            );
          }
        } finally {
          other.dispose();
        }
      }),
    },
    {
      name: 'a seed gives the same weights and steps every time, another seed others',
      run: withModel((model) => {
        const again = compose(1);
        const other = compose(2);
        try {
          const [first, second, third] = [model, again, other].map((own) =>
            withRandom(seededRandom(7), () => measure(own, examples)),
          );
          for (const [name, loss] of first.losses) {
            expect(
              loss === second.losses.get(name),
              `The loss of "${name}" differs between two models of one seed.`,
            );
          }
          const differs = [...first.losses].some(([name, loss]) => loss !== third.losses.get(name));
          expect(
            differs,
            'Another seed gives the very same losses: initial weights do not follow the seed. Leave the seed of initializers ' +
              'to the model, and begin with more than zeros.',
          );
        } finally {
          again.dispose();
          other.dispose();
        }
      }),
    },
    {
      name: 'training, predicting and disposing leave no tensor behind',
      run: async () => {
        const before = tf.memory().numTensors;
        const model = compose(1);
        const composed = tf.memory().numTensors;
        measure(model, examples);
        const batch = model.batch(examples);
        await model.predict(batch.inputs);
        disposeBatch(batch);
        const used = tf.memory().numTensors;
        model.dispose();
        const after = tf.memory().numTensors;
        expect(
          used === composed,
          `A step and a prediction leave ${used - composed} tensors behind: put arithmetic in tf.tidy.`,
        );
        expect(after === before, `A disposed model leaves ${after - before} tensors behind.`);
      },
    },
  ];
}

/** The names of the weights that have a gradient when only one task is labelled. */
export function reachedWeights<H extends Heads>(
  model: MultiTaskModel<H>,
  examples: readonly ExampleOf<H>[],
  task: TaskName<H>,
): string[] {
  const { gradients } = measure(model, onlyLabelled(examples, task));
  return [...gradients].flatMap(([name, gradient]) => (gradient.some((value) => value !== 0) ? [name] : []));
}

/** Moves weights a little, and never by nothing. */
function nudge(variables: readonly tf.Variable[]): void {
  const random = seededRandom(11);
  for (const variable of variables) {
    tf.tidy(() => {
      const change = Float32Array.from({ length: variable.size }, () => 0.01 + 0.02 * random());
      variable.assign(tf.add(variable, tf.tensor(change, variable.shape)));
    });
  }
}

interface Measured {
  readonly losses: ReadonlyMap<string, number>;
  /** The gradient of the sum of the losses, by weight; zero where no loss reaches. */
  readonly gradients: ReadonlyMap<string, Float32Array>;
}

function measure<H extends Heads>(
  model: MultiTaskModel<H>,
  examples: readonly ExampleOf<H>[],
  training = true,
): Measured {
  const batch = model.batch(examples);
  try {
    return measureBatch(model, batch, training);
  } finally {
    disposeBatch(batch);
  }
}

function measureBatch<H extends Heads>(
  model: MultiTaskModel<H>,
  batch: Batch<H>,
  training: boolean,
): Measured {
  const { variables } = model;
  const losses = new Map<string, number>();
  const gradients = new Map(variables.map(({ name, size }) => [name, new Float32Array(size)]));
  const labelled = model.tasks.some(({ name }) => batch.targets[name].labelled > 0);
  if (!labelled) return { losses, gradients };
  tf.tidy(() => {
    const { grads } = gradientsOf(() => {
      const scalars = Object.entries<tf.Scalar>(
        model.losses(batch, { training }) as Record<string, tf.Scalar>,
      );
      for (const [name, loss] of scalars) losses.set(name, loss.dataSync()[0]);
      return tf.addN(scalars.map(([, loss]) => loss)) as tf.Scalar;
    }, variables);
    for (const [name, gradient] of Object.entries(grads)) {
      gradients.set(name, gradient.dataSync<'float32'>().slice());
    }
    // A tidy that returns typed arrays walks their elements; this one returns nothing.
  });
  return { losses, gradients };
}

function gradientsOf(loss: () => tf.Scalar, variables: tf.Variable[]) {
  try {
    return tf.variableGrads(loss, variables);
  } catch (cause) {
    if (!messageOf(cause).startsWith('Cannot find a connection')) throw cause;
    throw new ConformanceError(
      'No weight has a gradient: let losses() compute the losses of the output, by operations that have gradients.',
      { cause },
    );
  }
}

function outputs<H extends Heads>(
  model: MultiTaskModel<H>,
  examples: readonly ExampleOf<H>[],
): Float32Array[] {
  const inputs = model.stack(examples.map(({ input }) => input));
  const applied = model.network.predict(inputs);
  const list = Array.isArray(applied) ? applied : [applied];
  const values = list.map((output) => output.dataSync<'float32'>().slice());
  tf.dispose([inputs, ...list]);
  return values;
}

function expectSame(a: Measured, b: Measured, what: string): void {
  for (const [name, loss] of a.losses) {
    const difference = relativeDifference([loss], [b.losses.get(name) ?? Number.NaN]);
    expect(difference <= ROUNDING, `Loss of ${what}: ${loss} and ${b.losses.get(name)} should be equal.`);
  }
  for (const [weight, gradient] of a.gradients) {
    const other = b.gradients.get(weight) ?? new Float32Array();
    const difference = relativeDifference(gradient, other);
    const tiny = Math.max(...gradient.map(Math.abs), ...other.map(Math.abs), 0) < 1e-7;
    expect(tiny || difference <= 100 * ROUNDING, `Gradient of ${weight}, ${what}: differs by ${difference}.`);
  }
}

/** The examples without the label of one task. */
function unlabelled<H extends Heads>(examples: readonly ExampleOf<H>[], task: TaskName<H>): ExampleOf<H>[] {
  return examples.map(({ input, labels }) => ({ input, labels: { ...labels, [task]: undefined } }));
}

/** The examples with the label of one task only. */
function onlyLabelled<H extends Heads>(examples: readonly ExampleOf<H>[], task: TaskName<H>): ExampleOf<H>[] {
  return examples.map(({ input, labels }) => {
    const none = Object.fromEntries(Object.keys(labels).map((name) => [name, undefined]));
    return { input, labels: { ...none, [task]: labels[task] } as ExampleOf<H>['labels'] };
  });
}

/** The examples with the labels of one task exchanged among all but the first. */
function swapped<H extends Heads>(examples: readonly ExampleOf<H>[], task: TaskName<H>): ExampleOf<H>[] {
  return examples.map(({ input, labels }, index) => ({
    input,
    labels: index === 0 ? labels : { ...labels, [task]: examples[index - 1].labels[task] },
  }));
}

/** The batch with another mask for one task. */
function masked<H extends Heads>(batch: Batch<H>, task: TaskName<H>, known: readonly boolean[]): Batch<H> {
  const { values, mask } = batch.targets[task];
  mask.dispose();
  return { inputs: batch.inputs, targets: { ...batch.targets, [task]: target(values, known) } };
}
