import { disposeBatch } from '@espalier/core';
import { sum } from '@espalier/losses';
import { adamW, Training } from '@espalier/trainer';
import * as tf from '@tensorflow/tfjs-core';
import { expect } from 'vitest';
import { compose, points } from './small-task.js';

/** Looks at a snapshot before and after further steps. */
export function expectHeldSnapshot(traced?: boolean): void {
  const before = tf.memory().numTensors;
  const model = compose(1, 0.3, 5_000);
  const data = points(16, 1);
  const training = new Training(model, {
    optimizer: adamW(),
    weighting: sum(),
    averageWeights: 0.9,
    seed: 1,
    traced,
  });
  const step = (number: number) => {
    const batch = model.batch(Array.from({ length: 16 }, (_, index) => data.at(index)));
    training.step(batch, { learningRate: 0.1, step: number, epoch: 1 });
    disposeBatch(batch);
  };
  step(1);
  step(2);
  const snapshot = training.snapshot();
  const values = () =>
    Buffer.concat(
      [...snapshot.tensors.values()].map(({ values }) => new Uint8Array(Float32Array.from(values).buffer)),
    );
  const first = values();
  for (let number = 3; number <= 6; number++) step(number);
  expect(Buffer.compare(values(), first)).toBe(0);
  const later = training.snapshot();
  const changed = [...later.tensors].filter(
    ([
      name,
      {
        values: [first],
      },
    ]) => first !== snapshot.tensors.get(name)!.values[0],
  );
  expect(changed.length).toBeGreaterThan(snapshot.tensors.size / 2);

  const [name, weight] = [...model.weights][0];
  tf.tidy(() => weight.assign(tf.fill(weight.shape, 7)));
  expect(training.snapshot().tensors.get(`weights/${name}`)!.values).toEqual(
    new Float32Array(weight.size).fill(7),
  );

  training.dispose();
  model.dispose();
  expect(tf.memory().numTensors).toBe(before);
}
