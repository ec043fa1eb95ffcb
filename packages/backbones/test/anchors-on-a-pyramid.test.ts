import { featurePyramid, smallCnn } from '@espalier/backbones';
import { multiTaskModel, seededRandom } from '@espalier/core';
import { sum } from '@espalier/losses';
import { hardSharing } from '@espalier/sharing';
import { adamW, constant, evaluate, fit } from '@espalier/trainer';
import { anchorDetection, type LabelledBox } from '@espalier/vision-heads';
import { expect, test } from 'vitest';

/** A bright square above a dark, wide bar on grey. */
function scene(seed: number): {
  readonly input: Float32Array;
  readonly labels: { readonly things: LabelledBox[] };
} {
  const random = seededRandom(seed);
  const side = 32;
  const input = new Float32Array(side * side).fill(0.5);
  const things = [0, 1].map((index): LabelledBox => {
    const [width, height] = index === 0 ? [13, 13] : [22, 10];
    const [x, y] = [Math.floor(random() * (side - width)), 16 * index + Math.floor(random() * (16 - height))];
    for (let row = y; row < y + height; row++) {
      input.fill(1 - index, row * side + x, row * side + x + width);
    }
    return { x: x / side, y: y / side, width: width / side, height: height / side, class: index };
  });
  return { input, labels: { things } };
}

test('a network on a pyramid learns where things are in scenes that it has not seen', async () => {
  const model = multiTaskModel({
    inputShape: [32, 32, 1],
    trunk: () => featurePyramid({ backbone: smallCnn({ channels: [8, 12, 16] }), levels: 2, channels: 16 }),
    sharing: hardSharing(),
    heads: {
      things: anchorDetection({
        classes: ['square', 'bar'],
        picture: { width: 32, height: 32 },
        strides: [8, 4],
        channels: 16,
      }),
    },
    seed: 1,
  });
  await fit(model, {
    data: { length: 64, at: (index) => scene(index + 1) },
    epochs: 12,
    batchSize: 8,
    optimizer: adamW(),
    schedule: constant(5e-3),
    weighting: sum(),
    seed: 1,
  });
  const unseen = { length: 16, at: (index: number) => scene(1000 + index) };
  const metrics = await evaluate(model, unseen, { batchSize: 8 });
  model.dispose();
  expect(metrics.things.AP50).toBeGreaterThan(0.9);
}, 120_000);
