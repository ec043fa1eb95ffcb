import { disposeBatch } from '@espalier/core';
import { sum } from '@espalier/losses';
import {
  affinityMonitor,
  groupTasks,
  meanMatrix,
  startHeadsAtZero,
  type TaskMatrix,
  taskAffinity,
} from '@espalier/sharing';
import { constant, fit, type RunStore, sgd } from '@espalier/trainer';
import { family, groupOf, INPUTS, trueGroups } from './family.js';
import { compose } from './network.js';

const EXAMPLES = 512;
/** Each with all examples: an epoch. */
export const STEPS = 160;
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

export type Findings = Readonly<Record<Method, Finding>>;

/**
 * Measures the affinities of one family over the training of one network for all tasks, in every way.
 *
 * @param runOf where the checkpoints and losses of a network are kept.
 */
export async function measure(
  seed: number,
  runOf?: (network: 'zero' | 'drawn') => RunStore,
): Promise<Findings> {
  const zero = await train(seed, true, runOf?.('zero'));
  const drawn = await train(seed, false, runOf?.('drawn'));
  const entries = Object.entries(methods).map(([name, { zero: fromZero, mean }]) => {
    const { summed, averaged } = fromZero ? zero : drawn;
    return [name, judge(mean ? averaged : summed)];
  });
  return Object.fromEntries(entries) as Findings;
}

async function train(
  seed: number,
  zero: boolean,
  run: RunStore | undefined,
): Promise<{ readonly summed: TaskMatrix; readonly averaged: TaskMatrix }> {
  const model = compose(INPUTS, seed);
  if (zero) startHeadsAtZero(model);
  const examples = family(seed, EXAMPLES);
  const batch = model.batch(examples);
  const monitor = affinityMonitor(model, { learningRate: LEARNING_RATE });
  const batches: TaskMatrix[] = [];
  const look = async () => {
    await monitor.observe(batch);
    batches.push(await taskAffinity(model, batch, { learningRate: LEARNING_RATE }));
  };
  try {
    await look();
    await fit(model, {
      data: { length: EXAMPLES, at: (index) => examples[index] },
      epochs: STEPS,
      batchSize: EXAMPLES,
      weighting: sum(),
      optimizer: sgd(),
      schedule: constant(LEARNING_RATE),
      seed,
      run,
      onEpoch: async ({ step }) => {
        if (step % MEASURE_EVERY === 0 && step < STEPS) await look();
      },
    });
    return { summed: monitor.matrix(), averaged: meanMatrix(batches) };
  } finally {
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
