import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { disposeBatch, type ExampleOf } from '../batch.js';
import type { Head } from '../head.js';
import { MultiTaskModel } from '../multi-task-model.js';
import { seededRandom } from '../random.js';
import type { Sharing } from '../sharing.js';
import type { Trunk } from '../trunk.js';
import { type ConformanceCheck, expect } from './conformance.js';
import { modelChecks, reachedWeights } from './model-checks.js';

export interface SharingUnderTest {
  readonly sharing: Sharing;
  /** The trunk to share, made anew at every call. */
  readonly trunk: () => Trunk;
  /** The shape of one example's input, without the batch. */
  readonly inputShape: readonly number[];
}

type Probe = Head<number, number>;
type ProbeHeads = Readonly<Record<'first' | 'second' | 'third', Probe>>;

/**
 * What every sharing strategy has to do with any trunk, tried with three regression tasks. Hand each check to the
 * test runner at hand, as with `headConformance`.
 */
export function sharingConformance({ sharing, trunk, inputShape }: SharingUnderTest): ConformanceCheck[] {
  const heads: ProbeHeads = { first: probe(), second: probe(), third: probe() };
  const compose = (seed: number) => new MultiTaskModel({ inputShape, trunk, sharing, heads, seed });
  const random = seededRandom(5);
  const size = inputShape.reduce((product, length) => product * length, 1);
  const examples = Array.from(
    { length: 3 },
    (): ExampleOf<ProbeHeads> => ({
      input: Float32Array.from({ length: size }, () => 2 * random() - 1),
      labels: { first: random(), second: random(), third: random() },
    }),
  );
  return [
    {
      name: 'gives every task one tensor of features a stage',
      async run() {
        const model = compose(1);
        for (const { name } of model.tasks) {
          const count = model.features.get(name)?.length;
          expect(
            count === model.stages.length,
            `Task "${name}" has features of ${count} stages; the trunk has ${model.stages.length}.`,
          );
        }
        model.dispose();
      },
    },
    {
      name: "a task's loss reaches the trunk and its own head, and no other head",
      async run() {
        const model = compose(1);
        try {
          for (const { name } of model.tasks) {
            const reached = reachedWeights(model, examples, name);
            const heads = reached.filter((weight) =>
              model.tasks.some((task) => weight.startsWith(`${task.name}/value/`)),
            );
            expect(
              heads.length < reached.length,
              `The loss of task "${name}" reaches no weight of the trunk.`,
            );
            const foreign = heads.filter((weight) => !weight.startsWith(`${name}/`));
            expect(foreign.length === 0, `The loss of task "${name}" reaches ${foreign.join(', ')}.`);
            expect(heads.length > 0, `The loss of task "${name}" does not reach its own head.`);
          }
        } finally {
          model.dispose();
        }
      },
    },
    {
      name: 'leads tasks that have inputs of their own, and frees what it made',
      async run() {
        const before = tf.memory().numTensors;
        const own = { first: inputShape, second: inputShape, third: inputShape };
        const model = new MultiTaskModel<ProbeHeads, 'own'>({
          inputShape: own,
          trunk,
          sharing,
          heads,
          seed: 1,
        });
        const batch = model.batch(
          examples.map(({ input, labels }) => ({
            input: { first: input, second: input, third: input },
            labels,
          })),
        );
        const missed = tf.tidy(() => {
          const { grads } = tf.variableGrads(
            () => tf.addN(Object.values(model.losses(batch, { training: true }))) as tf.Scalar,
            model.variables,
          );
          return model.variables.map(({ name }) => name).filter((name) => (grads[name] ?? null) === null);
        });
        disposeBatch(batch);
        model.dispose();
        expect(missed.length === 0, `With inputs a task, no task's gradient reaches ${missed.join(', ')}.`);
        const left = tf.memory().numTensors - before;
        expect(left === 0, `A model with inputs a task leaves ${left} tensors behind.`);
      },
    },
    ...modelChecks({ compose, examples }),
  ];
}

/** Regression of one number from features of any shape: a head with nothing to distract from the strategy. */
function probe(): Probe {
  return {
    kind: 'probe',
    connect(features, task) {
      const last = features[features.length - 1];
      const flat = last.shape.length > 2 ? tfl.layers.flatten({ name: `${task}/flat` }).apply(last) : last;
      return tfl.layers.dense({ name: `${task}/value`, units: 1 }).apply(flat) as tfl.SymbolicTensor;
    },
    encode: (labels) => tf.tensor2d(labels.map((label) => [label ?? 0])),
    losses: (output, target) =>
      tf.tidy(() => tf.squeeze(tf.squaredDifference(output, target), [1]) as tf.Tensor1D),
    decode: async (output) => Array.from(await output.data()),
    metrics: [
      {
        name: 'mean squared error',
        better: 'lower',
        compute: (predictions, labels) =>
          predictions.reduce((sum, value, index) => sum + (value - labels[index]) ** 2, 0) / labels.length,
      },
    ],
  };
}
