import { crossStitch, SharingError } from '@espalier/sharing';
import { describe, expect, test } from 'vitest';
import { dense, type Matrix } from './by-hand.js';
import {
  bareModel,
  difference,
  drawWeights,
  examples,
  outputs,
  own,
  reachedLayers,
  rebuilt,
  separate,
  testConformance,
} from './models.js';
import { denseTrunk, trunks } from './trunks.js';

testConformance('cross-stitch', crossStitch());

describe('limits', () => {
  for (const [name, trunk] of Object.entries(trunks)) {
    test(`at the identity it is separate networks of ${name}`, () => {
      const stitched = bareModel(crossStitch({ own: 1 }), trunk);
      expect(outputs(stitched)).toEqual(outputs(bareModel(separate, trunk)));
    });
  }
});

test('agrees with the formula of section 3', async () => {
  const model = bareModel(crossStitch());
  const weights = await drawWeights(model);
  const tasks = ['a', 'b', 'c'];
  let features = new Map<string, Matrix>(
    tasks.map((task) => [task, examples(denseTrunk).map(({ input }) => [...input])]),
  );
  for (const stage of ['low', 'high']) {
    const copies = tasks.map((task) => dense(features.get(task)!, weights, `${task}/${stage}`, Math.tanh));
    features = new Map(
      tasks.map((task) => {
        const factors = weights.get(`${task}/${stage}/cross-stitch/factors`)!;
        const stitched = copies[0].map((row, example) =>
          row.map((_, channel) =>
            copies.reduce(
              (sum, copy, other) => sum + factors[other * row.length + channel] * copy[example][channel],
              0,
            ),
          ),
        );
        return [task, stitched];
      }),
    );
  }
  expect(
    difference(
      outputs(model),
      tasks.map((task) => features.get(task)!.flat()),
    ),
  ).toBeLessThan(1e-5);
});

test("a task's loss reaches all copies and units before the last, and its own last unit", () => {
  const copies = ['a', 'b', 'c'].flatMap((task) => [
    `${task}/high`,
    `${task}/low`,
    `${task}/low/cross-stitch`,
  ]);
  expect(reachedLayers(bareModel(crossStitch()), 'b')).toEqual([...copies, 'b/high/cross-stitch'].sort());
  // At the identity the other tasks' factors are zero: the gradient goes no further than to them.
  expect(reachedLayers(bareModel(crossStitch({ own: 1 })), 'b')).toEqual([
    'b/high',
    'b/high/cross-stitch',
    'b/low',
    'b/low/cross-stitch',
  ]);
});

test('a network made from its config has the same config', () => {
  const model = bareModel(crossStitch());
  const again = own(rebuilt(model));
  expect(again.getConfig()).toEqual(model.network.getConfig());
});

test('refuses a share that is not from 0 to 1', () => {
  for (const own of [-0.1, 1.1, Number.NaN]) expect(() => crossStitch({ own })).toThrow(SharingError);
});
