import { disposeBatch, seededRandom, withRandom } from '@espalier/core';
import { chosenBranches, hardSharing, learnedBranches, SharingError } from '@espalier/sharing';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, test } from 'vitest';
import {
  type BareModel,
  bareModel,
  examples,
  outputs,
  reachedLayers,
  separate,
  setWeights,
  testConformance,
  weightsOf,
} from './models.js';
import { trunks } from './trunks.js';

testConformance('learned branches', learnedBranches());

const tasks = ['a', 'b', 'c'];

/** Makes every choice fall on the block that `chosen` gives for the number of the one that chooses. */
const decide = (model: BareModel, chosen: (index: number) => number) =>
  setWeights(model, (name) => {
    if (!name.endsWith('logits')) return undefined;
    const index = name.startsWith('high/block') ? Number(name['high/block'.length]) : tasks.indexOf(name[0]);
    return tasks.map((_, block) => (block === chosen(index) ? 1 : 0));
  });

describe('limits', () => {
  for (const [name, trunk] of Object.entries(trunks)) {
    test(`when all choose one block it is hard sharing of ${name}`, async () => {
      const model = bareModel(learnedBranches(), trunk);
      await decide(model, () => 2);
      const weights = await weightsOf(model);
      const hard = bareModel(hardSharing(), trunk);
      await setWeights(hard, (weight) => weights.get(weight.replace('/', '/block2/')));
      expect(outputs(model)).toEqual(outputs(hard));
    });

    test(`when each chooses its own it is separate networks of ${name}`, async () => {
      const model = bareModel(learnedBranches(), trunk);
      await decide(model, (index) => index);
      const weights = await weightsOf(model);
      const alone = bareModel(separate, trunk);
      await setWeights(alone, (weight) => {
        const [task, stage, own] = weight.split('/');
        return weights.get(`${stage}/block${tasks.indexOf(task)}/${own}`);
      });
      expect(outputs(model)).toEqual(outputs(alone));
    });
  }
});

test("in training a task's loss reaches all blocks and their choices, and the task's own; then what is chosen", async () => {
  const model = bareModel(learnedBranches());
  const blocks = [0, 1, 2].flatMap((block) => [
    `low/block${block}`,
    `high/block${block}`,
    `high/block${block}/choice`,
  ]);
  expect(reachedLayers(model, 'b', true)).toEqual([...blocks, 'b/choice'].sort());
  await decide(model, (index) => (index === 1 ? 0 : 2));
  expect(reachedLayers(model, 'b')).toEqual(['high/block0', 'low/block2']);
});

test('choices move to the block that serves a task best', async () => {
  const model = bareModel(learnedBranches({ temperature: 0.5 }));
  // The last block alone gives what task b is to learn.
  const target = 0.5;
  await setWeights(model, (name, size) => {
    if (name === 'high/block2/bias') return new Float32Array(size).fill(Math.atanh(target));
    return name.startsWith('high/block') && !name.endsWith('logits') ? new Float32Array(size) : undefined;
  });
  const choices = model.variables.filter(({ name }) => name.startsWith('b/choice'));
  expect(choices).toHaveLength(1);
  const labelled = examples(model).map(({ input }) => ({
    input,
    labels: { a: undefined, b: target, c: undefined },
  }));
  const batch = model.batch(labelled);
  const optimizer = tf.train.sgd(2);
  withRandom(seededRandom(1), () => {
    for (let step = 0; step < 150; step++) {
      optimizer.minimize(() => model.losses(batch, { training: true }).b!, false, choices);
    }
  });
  optimizer.dispose();
  disposeBatch(batch);
  expect((await chosenBranches(model)).get('b')).toBe('high/block2');
});

test('tells what is chosen', async () => {
  const model = bareModel(learnedBranches());
  await decide(model, (index) => (index === 0 ? 1 : 2));
  expect(Object.fromEntries(await chosenBranches(model))).toEqual({
    'high/block0': 'low/block1',
    'high/block1': 'low/block2',
    'high/block2': 'low/block2',
    a: 'high/block1',
    b: 'high/block2',
    c: 'high/block2',
  });
  await expect(chosenBranches(bareModel(hardSharing()))).rejects.toThrow(/"hard" has no learned branches/);
});

test('refuses a temperature of 0 or below', () => {
  for (const temperature of [0, -1, Number.NaN])
    expect(() => learnedBranches({ temperature })).toThrow(SharingError);
});
