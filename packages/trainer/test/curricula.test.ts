import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { aggregators, sum } from '@espalier/losses';
import { gradualUnfreezing } from '@espalier/sharing';
import {
  adamW,
  byEpoch,
  constant,
  curriculum,
  earlyStopping,
  type FitOptions,
  fit,
  judgedTasks,
  reduceOnPlateau,
  roundRobin,
  TrainerError,
} from '@espalier/trainer';
import { runFolder } from '@espalier/trainer/node';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, onTestFinished, test } from 'vitest';
import { own } from './own.js';
import { compose, points, type SideHeads } from './small-task.js';

const options = (more: Partial<FitOptions<SideHeads>> = {}): FitOptions<SideHeads> => ({
  data: points(40, 1, (index) => index % 3 > 0),
  epochs: 5,
  batchSize: 16,
  optimizer: adamW({ weightDecay: 0.01 }),
  schedule: constant(0.02),
  weighting: sum(),
  seed: 5,
  ...more,
});

/** The weights of a stage or a head. */
function valuesOf(model: ReturnType<typeof compose>, part: string): number[] {
  return [...model.weights].flatMap(([name, weight]) =>
    name.startsWith(part) ? [...weight.dataSync()] : [],
  );
}

async function train(more: (model: ReturnType<typeof compose>) => Partial<FitOptions<SideHeads>>) {
  const model = own(compose(1, 0.3));
  const records = await fit(model, options(more(model)));
  return {
    losses: records.map(({ losses }) => losses),
    weights: [...(await model.exportWeights()).weights],
  };
}

/** What a training gives that was broken off after a step, and gone on with. */
async function resumedAfter(step: number, more: Parameters<typeof train>[0]) {
  const folder = await mkdtemp(join(tmpdir(), 'espalier-curricula-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  const killed = train((model) => ({
    ...more(model),
    run: runFolder(folder, { everySteps: 2 }),
    onStep(record) {
      if (record.step === step) throw new Error('killed');
    },
  }));
  await expect(killed).rejects.toThrow('killed');
  return train((model) => ({ ...more(model), run: runFolder(folder, { resume: true, everySteps: 2 }) }));
}

describe('a rate that is reduced on a plateau', () => {
  const tasks = [
    { name: 'side', metrics: [{ name: 'accuracy', better: 'higher' as const }] },
    { name: 'distance', metrics: [{ name: 'error', better: 'lower' as const }] },
  ];
  const rates = (schedule: ReturnType<typeof reduceOnPlateau<SideHeads>>, losses: readonly number[]) => {
    const running = schedule.start(tasks);
    return losses.map((side) => {
      running.endEpoch({ side, distance: 1 }, undefined);
      return running.rate(0, 1);
    });
  };

  test('falls after so many epochs without a gain, again and again, down to a limit', () => {
    const schedule = reduceOnPlateau<SideHeads>(constant(1), {
      by: 'side',
      of: 'losses',
      patience: 2,
      factor: 0.5,
      leastFactor: 0.2,
    });
    expect(rates(schedule, [3, 2, 2, 2, 2.5, 1, 1, 1, 1, 1])).toEqual([
      1, 1, 1, 0.5, 0.5, 0.5, 0.5, 0.25, 0.25, 0.2,
    ]);
  });

  test('follows metrics in their direction, and an epoch without one of the tasks does not count', () => {
    const schedule = reduceOnPlateau<SideHeads>(constant(1), { by: 'all', of: 'metrics', patience: 1 });
    const running = schedule.start(tasks);
    const after = (accuracy: number, error: number) => {
      running.endEpoch({}, { side: { accuracy }, distance: { error } });
      return running.rate(0, 1);
    };
    expect([after(0.5, 0.5), after(0.6, 0.5), after(0.6, 0.4)]).toEqual([1, 1, 1]);
    running.endEpoch({}, { side: { accuracy: 0.1 } });
    expect(running.rate(0, 1)).toBe(1);
    expect(after(0.6, 0.5)).toBeCloseTo(0.1, 12);
  });

  const halving = () => ({
    schedule: reduceOnPlateau<SideHeads>(constant(0.02), {
      by: 'distance',
      of: 'losses',
      patience: 1,
      factor: 0.5,
      // More than any epoch gains.
      leastGain: 0.99,
    }),
  });

  test('in training gives the steps of the schedule that it comes to', async () => {
    const expected = await train(() => ({
      schedule: byEpoch((epoch) => 0.02 * 0.5 ** Math.max(epoch - 1, 0)),
    }));
    expect(await train(halving)).toEqual(expected);
  });

  test('goes on from a checkpoint with the bit-identical losses', async () => {
    const whole = await train(halving);
    expect(await resumedAfter(11, halving)).toEqual(whole);
    const byMetric = (model: ReturnType<typeof compose>) => ({
      schedule: reduceOnPlateau<SideHeads>(constant(0.02), {
        by: 'all',
        of: 'metrics',
        patience: 1,
        leastGain: 0.9,
      }),
      validation: {
        data: points(20, 9),
        judge: earlyStopping(judgedTasks(model), { by: 'all', patience: 9 }),
      },
    });
    expect(await resumedAfter(11, byMetric)).toEqual(await train(byMetric));
  });

  test.each([
    ['a factor', { factor: 1 }, /factor is 1; expected a number between 0 and 1/],
    [
      'a task',
      { by: 'depth' as 'side' },
      /names the task "depth", which the model lacks; its tasks are side, distance/,
    ],
    ['patience', { patience: 0 }, /patience .* is 0/],
    [
      'metrics without validation',
      { of: 'metrics' as const },
      /follows metrics on validation data, and there are none/,
    ],
  ])('%s that cannot be is refused before the first step', async (_, wrong, message) => {
    const broken = train(() => ({
      schedule: reduceOnPlateau<SideHeads>(constant(1), { by: 'all', of: 'losses', patience: 2, ...wrong }),
    }));
    await expect(broken).rejects.toThrow(TrainerError);
    await expect(broken).rejects.toThrow(message);
  });
});

describe('tasks one after another', () => {
  const pretrained = () => ({
    sampler: curriculum<SideHeads>([{ tasks: ['distance'], epochs: 2 }, { sampler: roundRobin() }]),
  });

  test('only the tasks of a phase are learned, from examples with their labels', async () => {
    const { at, length } = options().data;
    const seen = new Set<number>();
    const heads: number[][] = [];
    const { losses } = await train((model) => ({
      ...pretrained(),
      data: {
        length,
        at(index: number) {
          seen.add(index);
          return at(index);
        },
        labels: (index: number) => at(index).labels,
      },
      onEpoch({ epoch }) {
        heads.push(valuesOf(model, 'side'));
        if (epoch === 2) expect([...seen].filter((index) => index % 3 === 0)).toEqual([]);
      },
    }));
    expect(losses.map((own) => Object.keys(own).join())).toEqual([
      ...Array(6).fill('distance'),
      ...Array(9).fill('side,distance'),
    ]);
    expect(heads[1]).toEqual(valuesOf(own(compose(1)), 'side'));
    expect(heads[2]).not.toEqual(heads[1]);
  });

  test('they go on from a checkpoint in every phase with the bit-identical losses', async () => {
    const whole = await train(pretrained);
    for (const step of [3, 9]) expect(await resumedAfter(step, pretrained)).toEqual(whole);
  });

  test('one phase of all tasks is the training without phases', async () => {
    expect(await train(() => ({ sampler: curriculum<SideHeads>([{}]) }))).toEqual(await train(() => ({})));
  });

  test.each([
    ['no phase', () => curriculum<SideHeads>([]), /has no phases/],
    ['no length', () => curriculum<SideHeads>([{}, {}]), /phase 1 lasts undefined epochs/],
    [
      'an end',
      () => curriculum<SideHeads>([{ epochs: 3 }]),
      /last phase lasts 3 epochs; it lasts to the end/,
    ],
    [
      'phases too long',
      () => curriculum<SideHeads>([{ epochs: 5 }, {}]),
      /begins after 5 epochs, and the training has 5/,
    ],
    [
      'a task that the model lacks',
      () => curriculum<SideHeads>([{ tasks: ['depth' as 'side'] }]),
      /The curriculum names the task "depth", which the model lacks/,
    ],
  ])('%s is refused before the first step', async (_, make, message) => {
    await expect(train(() => ({ sampler: make() }))).rejects.toThrow(message);
  });

  test('a phase without an example is refused before the first step', async () => {
    const data = points(16, 1, () => false);
    await expect(train(() => ({ ...pretrained(), data }))).rejects.toThrow(
      /learns distance in one of its phases, and no example/,
    );
  });
});

describe('staged unfreezing', () => {
  const staged = (model: ReturnType<typeof compose>) => ({
    unfreeze: gradualUnfreezing(model),
    averageWeights: 0.5,
  });

  test('at first only the heads learn, then the trunk joins in', async () => {
    const seen: number[][][] = [];
    const before = tf.memory().numTensors;
    const model = compose(1, 0.3);
    const kernels = () => ['stage0', 'side'].map((part) => valuesOf(model, part));
    seen.push(kernels());
    await fit(
      model,
      options({
        unfreeze: gradualUnfreezing(model),
        onEpoch: () => void seen.push(kernels()),
      }),
    );
    model.dispose();
    expect(tf.memory().numTensors).toBe(before);
    expect(seen[2][0]).toEqual(seen[0][0]);
    expect(seen[2][1]).not.toEqual(seen[0][1]);
    expect(seen[3][0]).not.toEqual(seen[0][0]);
  });

  test('it goes on from a checkpoint in every stage with the bit-identical losses', async () => {
    for (const method of [{}, { aggregator: aggregators.upGrad() }]) {
      const more = (model: ReturnType<typeof compose>) => ({ ...staged(model), ...method });
      const whole = await train(more);
      for (const step of [5, 9]) expect(await resumedAfter(step, more)).toEqual(whole);
    }
  });

  test('where onEpoch does it, a resumed training would not know: that is refused', async () => {
    const broken = train((model) => {
      const unfreeze = gradualUnfreezing(model);
      return { onEpoch: ({ epoch }) => void unfreeze(epoch) };
    });
    await expect(broken).rejects.toThrow(
      /onEpoch has changed which layers learn.* Give what does so as `unfreeze`/,
    );
  });
});
