import { disposeBatch } from '@espalier/core';
import {
  affinityMonitor,
  groupTasks,
  meanMatrix,
  startHeadsAtZero,
  type TaskMatrix,
  taskAffinity,
} from '@espalier/sharing';
import * as tf from '@tensorflow/tfjs-core';
import { family, groupOf, INPUTS, trueGroups } from './family.js';
import { compose } from './network.js';

const EXAMPLES = 512;
const STEPS = 160;
const MEASURE_EVERY = 10;
const LEARNING_RATE = 0.05;

/** How affinity is measured: as the package says, and with each of its two precautions left out. */
export const methods = {
  'heads from zero, share of summed losses': { zero: true, mean: false },
  'heads from zero, mean of batches': { zero: true, mean: true },
  'drawn heads, share of summed losses': { zero: false, mean: false },
} as const;
export type Method = keyof typeof methods;

/** What one way of measuring found in one family. */
export interface Finding {
  readonly affinity: TaskMatrix;
  /** Does every task help its true partner most? */
  readonly partnersFirst: boolean;
  /** Does the search within a budget of as many networks as there are groups find the groups? */
  readonly groupsFound: boolean;
}

/** Measures the affinities of one family over the training of one network for all tasks, in every way. */
export async function measure(seed: number): Promise<Readonly<Record<Method, Finding>>> {
  const [zero, drawn] = [await train(seed, true), await train(seed, false)];
  const entries = Object.entries(methods).map(([name, { zero: fromZero, mean }]) => {
    const { summed, averaged } = fromZero ? zero : drawn;
    return [name, judge(mean ? averaged : summed)];
  });
  return Object.fromEntries(entries) as Record<Method, Finding>;
}

async function train(
  seed: number,
  zero: boolean,
): Promise<{ readonly summed: TaskMatrix; readonly averaged: TaskMatrix }> {
  const model = compose(INPUTS, seed);
  if (zero) startHeadsAtZero(model);
  const batch = model.batch(family(seed, EXAMPLES));
  const optimizer = tf.train.sgd(LEARNING_RATE);
  const monitor = affinityMonitor(model, { learningRate: LEARNING_RATE });
  const batches: TaskMatrix[] = [];
  try {
    for (let step = 0; step < STEPS; step++) {
      if (step % MEASURE_EVERY === 0) {
        await monitor.observe(batch);
        batches.push(await taskAffinity(model, batch, { learningRate: LEARNING_RATE }));
      }
      optimizer.minimize(
        () => tf.addN(Object.values(model.losses(batch, { training: true }))) as tf.Scalar,
        false,
        model.variables,
      );
    }
    return { summed: monitor.matrix(), averaged: meanMatrix(batches) };
  } finally {
    optimizer.dispose();
    disposeBatch(batch);
    model.dispose();
  }
}

function judge(affinity: TaskMatrix): Finding {
  const partnersFirst = [...affinity].every(([source, row]) => {
    const [[best]] = [...row].filter(([task]) => task !== source).sort((a, b) => b[1] - a[1]);
    return groupOf(best) === groupOf(source);
  });
  const { groups } = groupTasks({ affinity, budget: trueGroups.length });
  return { affinity, partnersFirst, groupsFound: JSON.stringify(groups) === JSON.stringify(trueGroups) };
}
