import { type ExampleOf, multiTaskModel } from '@espalier/core';
import { sum } from '@espalier/losses';
import { hardSharing } from '@espalier/sharing';
import { adamW, constant, type DataOf } from '@espalier/trainer';
import { classification } from '@espalier/vision-heads';
import * as tfl from '@tensorflow/tfjs-layers';
import { own } from './own.js';

/** Two tasks with inputs of their own, of two sizes. */
const heads = {
  near: classification({ classes: ['dark', 'light'] }),
  far: classification({ classes: ['dark', 'light'] }),
};
type Own = ExampleOf<typeof heads, 'own'>;

export const compose = () =>
  own(
    multiTaskModel({
      inputShape: { near: [4, 4, 1], far: [6, 6, 1] },
      trunk: () => [
        tfl.layers.conv2d({ filters: 3, kernelSize: 3, activation: 'tanh' }),
        tfl.layers.globalAveragePooling2d({ dataFormat: 'channelsLast' }),
      ],
      sharing: hardSharing(),
      heads,
      seed: 1,
    }),
  );

const picture = (size: number, light: number) => new Float32Array(size * size).fill(light - 0.5);

/** Of four examples, one has both pictures, two the near one only, and one the far one only. */
export const example = (index: number): Own => {
  const [near, far] = [index % 2, (index >> 1) % 2];
  const [hasNear, hasFar] = [index % 4 < 3, (index % 4) % 3 === 0];
  return {
    input: { near: hasNear ? picture(4, near) : undefined, far: hasFar ? picture(6, far) : undefined },
    labels: { near: hasNear ? near : undefined, far: hasFar ? far : undefined },
  };
};
export const data: DataOf<typeof heads, 'own'> = { length: 32, at: example };

export const options = {
  data,
  epochs: 20,
  batchSize: 8,
  optimizer: adamW({ weightDecay: 0 }),
  schedule: constant(0.05),
  weighting: sum(),
  seed: 2,
};
