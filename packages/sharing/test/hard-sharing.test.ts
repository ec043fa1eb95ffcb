import { hardSharing } from '@espalier/sharing';
import * as tfl from '@tensorflow/tfjs-layers';
import { expect, test } from 'vitest';
import { bareModel, reachedLayers, testConformance } from './models.js';
import { denseTrunk, modelTrunk, trunks } from './trunks.js';

testConformance('hard sharing', hardSharing(), {
  ...trunks,
  'dense layers': denseTrunk,
  models: modelTrunk,
});

test('all tasks get the very same features', () => {
  const input = tfl.input({ shape: [3] });
  const inputs = new Map([
    ['a', input],
    ['b', input],
  ]);
  const features = hardSharing().connect(denseTrunk.trunk(), inputs);
  for (const stage of [0, 1]) expect(features.get('a')![stage]).toBe(features.get('b')![stage]);
});

test("a task's loss reaches every stage", () => {
  expect(reachedLayers(bareModel(hardSharing()), 'b')).toEqual(['high', 'low']);
});
