import { nddr, SharingError } from '@espalier/sharing';
import { expect, test } from 'vitest';
import { dense, type Matrix, normalized } from './by-hand.js';
import {
  bareModel,
  difference,
  drawWeights,
  examples,
  outputs,
  reachedLayers,
  separate,
  setWeights,
  testConformance,
  weightsOf,
} from './models.js';
import { denseTrunk } from './trunks.js';

testConformance('NDDR', nddr());

const tasks = ['a', 'b', 'c'];

test('agrees with the formula of section 3', async () => {
  const model = bareModel(nddr());
  const weights = await drawWeights(model);
  let features = tasks.map((): Matrix => examples(denseTrunk).map(({ input }) => [...input]));
  for (const stage of ['low', 'high']) {
    const copies = tasks.map((task, index) => dense(features[index], weights, `${task}/${stage}`, Math.tanh));
    const beside = copies[0].map((_, example) => copies.flatMap((copy) => copy[example]));
    features = tasks.map((task) =>
      normalized(dense(beside, weights, `${task}/${stage}/nddr`), weights, `${task}/${stage}/nddr-norm`),
    );
  }
  expect(
    difference(
      outputs(model),
      features.map((rows) => rows.flat()),
    ),
  ).toBeLessThan(1e-5);
});

test('at the identity, normalized, it is separate networks', async () => {
  const model = bareModel(nddr({ own: 1 }));
  // The moving statistics begin at 0 and 1; what is left of normalization is its epsilon.
  await setWeights(model, (name, size) =>
    name.includes('variance') ? new Float32Array(size).fill(1 - 1e-3) : undefined,
  );
  const weights = await weightsOf(model);
  const alone = bareModel(separate);
  await setWeights(alone, (name) => weights.get(name));
  expect(difference(outputs(model), outputs(alone))).toBeLessThan(1e-6);
});

test("a task's loss reaches all copies, and of the last stage its own reduction", () => {
  const before = tasks.flatMap((task) => [
    `${task}/high`,
    `${task}/low`,
    `${task}/low/nddr`,
    `${task}/low/nddr-norm`,
  ]);
  expect(reachedLayers(bareModel(nddr()), 'b')).toEqual(
    [...before, 'b/high/nddr', 'b/high/nddr-norm'].sort(),
  );
});

test('refuses a share that is not from 0 to 1', () => {
  for (const own of [-0.1, 1.1, Number.NaN]) expect(() => nddr({ own })).toThrow(SharingError);
});
