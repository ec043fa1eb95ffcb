import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import type { ExampleOf } from '../batch.js';
import type { Head, HeadContext, Pass } from '../head.js';
import { lossesOf, predictionsOf } from '../head-contract.js';
import { MultiTaskModel } from '../multi-task-model.js';
import { seededRandom } from '../random.js';
import { applyShared, describeShape } from '../trunk.js';
import { type ConformanceCheck, expect, relativeDifference } from './conformance.js';
import { modelChecks } from './model-checks.js';

export interface HeadUnderTest<Label, Prediction> {
  readonly head: Head<Label, Prediction>;
  /** The shape of the features that the head is for, without the batch. */
  readonly featureShape: readonly number[];
  /** At least three labels that are not all the same and that make every weight of the head matter. */
  readonly labels: readonly Label[];
}

/**
 * What every head has to do. Hand each check to the test runner at hand:
 *
 * ```ts
 * for (const { name, run } of headConformance({ head, featureShape: [8], labels: [0, 1, 2] })) test(name, run);
 * ```
 */
export function headConformance<Label, Prediction>({
  head,
  featureShape,
  labels,
}: HeadUnderTest<Label, Prediction>): ConformanceCheck[] {
  const compose = (seed: number) => {
    expect(
      labels.length >= 3,
      `The kit was given ${labels.length} labels; give at least three, not all the same.`,
    );
    return new MultiTaskModel({
      inputShape: featureShape,
      // The simplest trunk that has weights and keeps the shape.
      trunk: () => [tfl.layers.dense({ name: 'trunk', units: featureShape[featureShape.length - 1] })],
      sharing: {
        kind: 'plain',
        connect: ([stage], inputs) =>
          new Map([...applyShared(stage, inputs)].map(([task, own]) => [task, [own]])),
      },
      heads: { task: head },
      seed,
    });
  };
  const random = seededRandom(3);
  const size = featureShape.reduce((product, length) => product * length, 1);
  const examples = labels.map(
    (label): ExampleOf<{ task: Head<Label, Prediction> }> => ({
      input: Float32Array.from({ length: size }, () => 2 * random() - 1),
      labels: { task: label } as ExampleOf<{ task: Head<Label, Prediction> }>['labels'],
    }),
  );
  const withOutput =
    (check: (output: tf.Tensor, context: HeadContext, pass: Pass) => void | Promise<void>) => async () => {
      const model = compose(1);
      const inputs = model.stack(examples.map(({ input }) => input));
      const output = model.network.predict(inputs) as tf.Tensor;
      try {
        const pass = { layer: model.network.outputs[0].sourceLayer, training: false };
        await check(output, { task: 'task', outputShape: output.shape.slice(1) }, pass);
      } finally {
        tf.dispose([inputs, output]);
        model.dispose();
      }
    };

  return [
    {
      name: 'gives a loss and a prediction for every example',
      run: withOutput(async (output, context, pass) => {
        const encoded = head.encode(labels, context);
        tf.dispose([encoded, lossesOf(head, context.task, output, encoded, pass)]);
        await predictionsOf(head, context.task, output, pass);
      }),
    },
    {
      name: 'the loss of an example does not depend on the others in the batch',
      run: withOutput((output, context, pass) => {
        tf.tidy(() => {
          const losses = (own: tf.Tensor, known: readonly Label[]) =>
            lossesOf(head, context.task, own, head.encode(known, context), pass).dataSync();
          const together = losses(output, labels);
          const alone = labels.map((label, index) => losses(tf.slice(output, index, 1), [label])[0]);
          const difference = relativeDifference(together, alone);
          expect(
            difference <= 1e-5,
            `The losses of examples differ by ${difference}, relative to the largest, between a batch and each alone: ` +
              'losses() has to compute each from its own row; the mean over the batch is taken by the model.',
          );
        });
      }),
    },
    {
      name: 'encodes examples without a label as rows of the same shape',
      run: withOutput((_, context) => {
        tf.tidy(() => {
          const full = head.encode(labels, context);
          const empty = head.encode(
            labels.map(() => undefined),
            context,
          );
          expect(
            tf.util.arraysEqual(full.shape, empty.shape) && full.dtype === empty.dtype,
            `encode() of unlabelled examples has shape ${describeShape(empty.shape)} and type ${empty.dtype}; ` +
              `labelled ones have ${describeShape(full.shape)} and ${full.dtype}. Give a row for every label, also ` +
              'where it is undefined: what is in that row does not matter.',
          );
        });
      }),
    },
    {
      name: 'every metric of its predictions is a finite number',
      run: withOutput(async (output, context, pass) => {
        const predictions = await predictionsOf(head, context.task, output, pass);
        for (const metric of head.metrics) {
          const value = metric.compute(predictions, labels);
          expect(
            Number.isFinite(value),
            `The metric ${metric.name} is ${value} on these labels; let compute() give a number whatever is predicted, ` +
              'also where it would divide by zero.',
          );
        }
      }),
    },
    {
      name: 'encoding, losses and decoding leave no tensor behind but what they return',
      run: withOutput(async (output, context, pass) => {
        const before = tf.memory().numTensors;
        const encoded = head.encode(labels, context);
        const losses = lossesOf(head, context.task, output, encoded, pass);
        await head.decode(output, pass);
        tf.dispose([encoded, losses]);
        const left = tf.memory().numTensors - before;
        expect(
          !output.isDisposed,
          'decode() disposed of the output, which is not its own: dispose of what it makes itself.',
        );
        expect(
          left === 0,
          `encode(), losses() and decode() leave ${left} tensors behind: put their arithmetic in tf.tidy, and dispose ` +
            'of what decode() makes before it waits.',
        );
      }),
    },
    {
      name: 'its weights are named after the task',
      run: async () => {
        const model = compose(1);
        const names = model.variables.map(({ name }) => name);
        model.dispose();
        const strangers = names.filter((name) => !/^(trunk|task)\//.test(name));
        expect(
          strangers.length === 0,
          `${strangers.join(', ')}: begin the names of the layers that connect() makes with the task's name and a ` +
            'slash. Two heads of one kind would be mixed up, and weights that were saved could not be loaded.',
        );
      },
    },
    ...modelChecks({ compose, examples }),
  ];
}
