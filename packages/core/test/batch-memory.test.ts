import { BatchMemory, disposeBatch, multiTaskModel } from '@espalier/core';
import { hardSharing } from '@espalier/sharing';
import { classification } from '@espalier/vision-heads';
import * as tfl from '@tensorflow/tfjs-layers';
import fc from 'fast-check';
import { expect, test } from 'vitest';

const model = multiTaskModel({
  inputShape: [null, 2],
  trunk: () => [tfl.layers.globalAveragePooling1d({})],
  sharing: hardSharing(),
  heads: { kind: classification({ classes: ['a', 'b'] }) },
  seed: 1,
});

const examples = fc.array(
  fc.array(fc.integer({ min: -9, max: 9 }), { minLength: 1, maxLength: 5 }).map((values) => ({
    input: Float32Array.from(values.flatMap((value) => [value, -value])),
    labels: { kind: 1 },
  })),
  { minLength: 1, maxLength: 4 },
);

test('batches in one memory, one after another, are those in memory of their own', () => {
  fc.assert(
    fc.property(fc.array(examples, { minLength: 1, maxLength: 6 }), (batches) => {
      const memory = new BatchMemory();
      for (const one of batches) {
        const [kept, own] = [model.batch(one, memory), model.batch(one)];
        expect(kept.inputs.shape).toEqual(own.inputs.shape);
        expect([...kept.inputs.dataSync()]).toEqual([...own.inputs.dataSync()]);
        disposeBatch(kept);
        disposeBatch(own);
      }
    }),
  );
});

test('a memory grows to the largest batch, and no further', () => {
  const memory = new BatchMemory();
  const { buffer } = memory.take(0, 8);
  expect(memory.take(0, 5).buffer).toBe(buffer);
  expect(memory.take(1, 5).buffer).not.toBe(buffer);
  expect(memory.take(0, 9).buffer).not.toBe(buffer);
});
