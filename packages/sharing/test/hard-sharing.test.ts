import { block } from '@espalier/core';
import { sharingConformance } from '@espalier/core/testing';
import { hardSharing } from '@espalier/sharing';
import * as tfl from '@tensorflow/tfjs-layers';
import { describe, expect, test } from 'vitest';

const trunks = {
  'dense layers': {
    inputShape: [6],
    trunk: () => [
      tfl.layers.dense({ units: 5, activation: 'tanh' }),
      tfl.layers.dense({ units: 4, activation: 'tanh' }),
    ],
  },
  'a small CNN': {
    inputShape: [8, 8, 2],
    trunk: () => [
      block(tfl.layers.conv2d({ filters: 4, kernelSize: 3, padding: 'same' }), tfl.layers.elu()),
      block(tfl.layers.conv2d({ filters: 4, kernelSize: 3, strides: 2 }), tfl.layers.elu()),
    ],
  },
  'an LSTM': {
    inputShape: [5, 3],
    trunk: () => [tfl.layers.lstm({ units: 4, returnSequences: true }), tfl.layers.lstm({ units: 3 })],
  },
};

for (const [name, { inputShape, trunk }] of Object.entries(trunks)) {
  describe(`hard sharing of ${name}`, () => {
    for (const check of sharingConformance({ sharing: hardSharing(), trunk, inputShape }))
      test(check.name, check.run);
  });
}

test('all tasks get the very same features', () => {
  const features = hardSharing().connect(trunks['dense layers'].trunk(), tfl.input({ shape: [6] }), [
    'a',
    'b',
  ]);
  expect(features.get('a')).toBe(features.get('b'));
});
