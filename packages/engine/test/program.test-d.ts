import * as tf from '@tensorflow/tfjs-core';
import { expectTypeOf, test } from 'vitest';
import * as engine from '../src/index.js';

const program = engine.program({
  state: [tf.variable(tf.scalar(1)), engine.carry<{ rows: tf.Tensor2D }>()],
  entries: {
    train: ({ x }: { x: tf.Tensor2D; rate: tf.Scalar }) => ({ loss: tf.mean(x) as tf.Scalar }),
    evaluate: () => ({}),
  },
});

test('calls have the types of the functions', () => {
  expectTypeOf(program.entries.train).parameter(0).toEqualTypeOf<{ x: tf.Tensor2D; rate: tf.Scalar }>();
  expectTypeOf(program.entries.train).returns.toEqualTypeOf<{ loss: tf.Scalar }>();
  expectTypeOf(program.entries.evaluate).parameters.toEqualTypeOf<[]>();
  // @ts-expect-error: rate is missing
  program.entries.train({ x: tf.ones([1, 1]) });
  // @ts-expect-error: no such entry
  program.entries.predict;
});

test('an entry takes and gives tensors', () => {
  // @ts-expect-error: a number is no tensor
  engine.program({ state: [], entries: { step: () => ({ loss: 1 }) } });
});

test('gradient entries take what their functions take', () => {
  const { entries } = engine.gradientEntries({
    losses: ({ x }: { x: tf.Tensor2D }) => [tf.mean(x)],
    shared: [],
    own: [],
    update: (_gradients, { rate }: { rate: tf.Scalar }) => void rate,
  });
  expectTypeOf(entries.gradients).parameter(0).toEqualTypeOf<{ x: tf.Tensor2D }>();
  expectTypeOf(entries.apply).parameter(0).toExtend<{ rate: tf.Scalar; weights: tf.Tensor1D }>();
});
