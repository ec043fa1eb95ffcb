import { hardSharing } from '@espalier/sharing';
import * as tfl from '@tensorflow/tfjs-layers';
import { expect, test } from 'vitest';
import { testConformance } from './models.js';
import { denseTrunk, modelTrunk, trunks } from './trunks.js';

testConformance('hard sharing', hardSharing(), {
  ...trunks,
  'dense layers': denseTrunk,
  models: modelTrunk,
});

test('all tasks get the very same features', () => {
  const features = hardSharing().connect(denseTrunk.trunk(), tfl.input({ shape: [3] }), ['a', 'b']);
  expect(features.get('a')).toBe(features.get('b'));
});
