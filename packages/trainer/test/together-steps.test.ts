import { ClusterFault } from '@espalier/engine';
import { type Cluster, WorkerBatch } from '@espalier/engine/cluster';
import * as tf from '@tensorflow/tfjs-core';
import { expect, test } from 'vitest';
import { TogetherSteps } from '../src/together-steps.js';
import type { Training } from '../src/training.js';
import type { SideHeads } from './small-task.js';

/** TensorFlow's number for it. */
const FLOAT32 = 1;

const at = (step: number) => ({ step, epoch: 1, learningRate: 0.1 });

/** A cluster of one worker and a training, in which nothing but what they are asked for happens. */
function pretended(batches: number) {
  const happened: string[] = [];
  const cluster = {
    generation: 1,
    failures: 0,
    ready: async () => [0],
    async read(requests: ReadonlyMap<number, readonly number[]>, place: 0 | 1) {
      const [example] = requests.get(0)!;
      happened.push(`reads ${example} into ${place}`);
      const tensors = [{ name: 'inputs', dtype: FLOAT32, shape: [1, 2] }];
      const counts = { examples: 1, side: 1, distance: 1 };
      return new WorkerBatch(new Map([[0, { tag: `${example}`, id: '', place, tensors, counts }]]));
    },
    async recover() {
      this.generation++;
    },
  };
  const training = {
    stepOn(_: unknown, { step }: { step: number }) {
      if (cluster.failures-- > 0) throw new ClusterFault('gone', false);
      happened.push(`step ${step}`);
      return { losses: {}, weights: {} };
    },
  };
  let drawn = 0;
  const next = () => (drawn < batches ? [{ index: drawn++, epoch: 0 }] : undefined);
  const steps = new TogetherSteps<SideHeads, 'common'>(cluster as unknown as Cluster, ['side', 'distance']);
  const take = (step: number) => steps.step(training as unknown as Training<SideHeads>, next, at(step));
  return { cluster, happened, steps, take };
}

test('workers are asked for the next batch before they compute, and keep the one that they compute', async () => {
  const { happened, take } = pretended(3);
  for (const step of [1, 2, 3]) await take(step);
  expect(happened).toEqual([
    'reads 0 into 1',
    'reads 1 into 0',
    'step 1',
    'reads 2 into 1',
    'step 2',
    'step 3',
  ]);
});

test('a step that is repeated reads its examples and the next ones again, and no others', async () => {
  const { cluster, happened, take } = pretended(2);
  cluster.failures = 1;
  await take(1);
  await take(2);
  const again = ['reads 0 into 1', 'reads 1 into 0'];
  expect(happened).toEqual([...again, ...again, 'step 1', 'step 2']);
});

test('where the workers have become others between two steps, the next batch is read again', async () => {
  const { cluster, happened, take } = pretended(2);
  await take(1);
  cluster.generation++;
  await take(2);
  expect(happened.slice(2)).toEqual(['step 1', 'reads 1 into 0', 'step 2']);
});

test('no tensor stays, whether what was read is used, given up, or of no use any more', async () => {
  const before = tf.memory().numTensors;
  const { cluster, steps, take } = pretended(4);
  await take(1);
  cluster.generation++;
  cluster.failures = 2;
  await take(2);
  steps.dispose();
  await new Promise((resolve) => setTimeout(resolve));
  expect(tf.memory().numTensors).toBe(before);
});
