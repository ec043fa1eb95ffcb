import { InputError, multiTaskModel } from '@espalier/core';
import * as tf from '@tensorflow/tfjs-core';
import type * as tfl from '@tensorflow/tfjs-layers';
import { describe, expect, test } from 'vitest';
import { bare, bareModel, examples, outputs, own } from './models.js';
import { mixing, strategies } from './strategies.js';
import { denseTrunk } from './trunks.js';

const inputShape = { a: [3], b: [3], c: [3] };
const heads = { a: bare, b: bare, c: bare };
const { trunk } = denseTrunk;

describe.each(Object.entries(strategies))('tasks with inputs of their own, by %s', (name, sharing) => {
  const compose = () => own(multiTaskModel({ inputShape, trunk, sharing, heads, seed: 1 }));

  // PLE's shared gates mix the experts that saw the same input: with inputs a task, those are fewer.
  test.skipIf(name === 'PLE')('get the features that one input of the same values gives', () => {
    const model = compose();
    const given = tf.tidy(() => {
      const inputs = examples(denseTrunk).map(({ input }) => ({ a: input, b: input, c: input }));
      const { a, b, c } = model.stack(inputs);
      return (model.network.predict([a, b, c]) as tf.Tensor[]).map((output) => [...output.dataSync()]);
    });
    expect(given).toEqual(outputs(bareModel(sharing)));
  });

  test('are penalized once, not once an input', () => {
    const penalty = (model: { readonly network: tfl.LayersModel }) =>
      tf.tidy(() => model.network.calculateLosses().reduce((sum, loss) => sum + loss.dataSync()[0], 0));
    expect(penalty(compose())).toBeCloseTo(penalty(bareModel(sharing)), 5);
  });

  test(mixing.includes(name) ? 'need all of them in every example' : 'may each have other examples', () => {
    const model = compose();
    const [first, second, third] = examples(denseTrunk);
    const partial = [
      {
        input: { a: first.input, b: undefined, c: undefined },
        labels: { a: 0.1, b: undefined, c: undefined },
      },
      {
        input: { a: second.input, b: undefined, c: third.input },
        labels: { a: 0.2, b: undefined, c: 0.3 },
      },
    ];
    if (mixing.includes(name)) {
      expect(() => model.batch(partial)).toThrow(InputError);
      expect(() => model.batch(partial)).toThrow(/Example 0 has the input of task "a", but not that of "b"/);
      return;
    }
    tf.tidy(() => {
      const batch = model.batch(partial);
      expect([batch.inputs.a, batch.inputs.b, batch.inputs.c].map(({ shape }) => shape)).toEqual([
        [2, 3],
        [0, 3],
        [1, 3],
      ]);
      const losses = model.losses(batch, { training: false });
      expect(Object.keys(losses)).toEqual(['a', 'c']);
      const full = partial.map(({ input, labels }) => ({
        input: { a: input.a!, b: input.a!, c: input.c ?? input.a! },
        labels,
      }));
      const whole = model.losses(model.batch(full), { training: false });
      expect(losses.a!.dataSync()[0]).toBeCloseTo(whole.a!.dataSync()[0], 5);
      expect(losses.c!.dataSync()[0]).toBeCloseTo(whole.c!.dataSync()[0], 5);
    });
  });
});
