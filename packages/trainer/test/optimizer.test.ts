import { readFileSync } from 'node:fs';
import * as engine from '@espalier/engine';
import {
  adam,
  adamW,
  averageWeights,
  byEpoch,
  chain,
  clipByGlobalNorm,
  constant,
  cosine,
  lion,
  type Optimizer,
  oneCycle,
  rateByGroup,
  type Schedule,
  sgd,
  TrainerError,
  warmup,
  warmupCosine,
} from '@espalier/trainer';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, test } from 'vitest';

type Values = Readonly<Record<string, readonly number[]>>;

/** What `optimizers-reference.py` wrote. */
const reference: {
  readonly rates: readonly number[];
  readonly start: Readonly<Record<string, { shape: number[]; values: number[] }>>;
  readonly gradients: readonly Values[];
  readonly cases: Readonly<Record<string, readonly Values[]>>;
} = JSON.parse(readFileSync(new URL('optimizers-reference.json', import.meta.url), 'utf8'));

const optimizers: Readonly<Record<string, Optimizer>> = {
  sgd: sgd(),
  'sgd with momentum and decay': sgd({ momentum: 0.9, weightDecay: 0.1 }),
  "sgd with Nesterov's momentum": sgd({ momentum: 0.9, nesterov: true, weightDecay: 0.1 }),
  adam: adam(),
  adamW: adamW({ weightDecay: 0.3 }),
  lion: lion({ weightDecay: 0.3 }),
  clipped: chain(clipByGlobalNorm(1.5), sgd()),
  'rates by group': rateByGroup((name) => (name === 'kernel' ? 0.1 : 2), adamW()),
  average: chain(adamW(), averageWeights(0.8)),
};

/** The weights after every step; where the last part keeps an average, the averages. */
function run(optimizer: Optimizer, gradients: readonly Values[], prefix = ''): Values[] {
  const weights = new Map(
    Object.entries(reference.start).map(([name, { shape, values }]) => [
      name,
      tf.tidy(() => tf.variable(tf.tensor(values, shape))),
    ]),
  );
  const state = optimizer.init(weights);
  const program = engine.program({
    state: [...weights.values(), ...state.slots.values()],
    entries: {
      update({ learningRate, ...gradients }: engine.NamedTensors) {
        state.update(new Map(Object.entries(gradients)), { learningRate: learningRate as tf.Scalar });
        return {};
      },
    },
  });
  const before = tf.memory().numTensors;
  const steps = gradients.map((step, index) => {
    tf.tidy(() => {
      const tensors = Object.entries(step).map(([name, values]) => [
        name,
        tf.tensor([...values], weights.get(name)!.shape),
      ]);
      program.entries.update({
        ...Object.fromEntries(tensors),
        learningRate: tf.scalar(reference.rates[index]),
      });
    });
    program.sync();
    const shown = prefix === '' ? weights : state.slots;
    return Object.fromEntries(
      [...weights.keys()].map((name) => [name, [...shown.get(prefix + name)!.dataSync()]]),
    );
  });
  expect(tf.memory().numTensors).toBe(before);
  program.dispose();
  tf.dispose([...weights.values(), ...state.slots.values()]);
  return steps;
}

describe('optimizers', () => {
  test.each(Object.entries(optimizers))('%s gives the weights that PyTorch gives', (name, optimizer) => {
    const found = run(optimizer, reference.gradients, name === 'average' ? '1/' : '');
    for (const [step, expected] of reference.cases[name].entries()) {
      for (const [weight, values] of Object.entries(expected)) {
        for (const [index, value] of values.entries()) {
          expect(found[step][weight][index]).toBeCloseTo(value, 5);
        }
      }
    }
  });

  test.each(Object.entries(optimizers))('%s lets a weight without a gradient stay', (name, optimizer) => {
    if (name === 'average') return;
    const without = reference.gradients.slice(0, 3).map(({ kernel }) => ({ kernel }));
    const [, , third] = run(optimizer, without);
    for (const [index, value] of reference.start.bias.values.entries()) {
      expect(third.bias[index]).toBeCloseTo(value, 6);
    }
    // And it begins as if it were the first step when it gets its first gradient.
    if (name.startsWith('adam')) {
      const late = run(optimizer, [...without.slice(1), reference.gradients[0]]);
      const first = Math.abs(late[2].bias[0] - reference.start.bias.values[0]);
      expect(first).toBeCloseTo(reference.rates[2], 4);
    }
  });

  test('only what is asked to decays', () => {
    const still = [{ kernel: Array(6).fill(0), bias: Array(3).fill(0) }];
    const [kernels] = run(adamW({ weightDecay: 0.5 }), still);
    expect(kernels.bias[0]).toBeCloseTo(reference.start.bias.values[0], 6);
    expect(kernels.kernel[0]).toBeCloseTo(reference.start.kernel.values[0] * (1 - 0.05), 6);
    const [biases] = run(adamW({ weightDecay: 0.5, decays: (name) => name === 'bias' }), still);
    expect(biases.bias[0]).toBeCloseTo(reference.start.bias.values[0] * (1 - 0.05), 6);
    expect(biases.kernel[0]).toBeCloseTo(reference.start.kernel.values[0], 6);
  });

  test('a group with a factor of 0 is frozen', () => {
    const [step] = run(
      rateByGroup((name) => Number(name === 'bias'), sgd()),
      reference.gradients.slice(0, 1),
    );
    expect(step.kernel[0]).toBeCloseTo(reference.start.kernel.values[0], 6);
    expect(step.bias).not.toEqual(reference.start.bias.values);
  });

  test.each([
    ['Nesterov without a momentum', () => sgd({ nesterov: true }), /nesterov needs a momentum above 0/],
    ['a norm of 0', () => clipByGlobalNorm(0), /the norm is 0; expected a number above 0/],
    ['a decay of 1', () => averageWeights(1), /the decay is 1; expected a number from 0 to below 1/],
  ])('%s is refused', (_, make, message) => {
    expect(make).toThrow(TrainerError);
    expect(make).toThrow(message);
  });
});

describe('schedules', () => {
  const rates = (schedule: Schedule, steps: number, stepsPerEpoch?: number) =>
    Array.from({ length: steps }, (_, step) => schedule(step, steps, stepsPerEpoch));

  test('warm-up and cosine', () => {
    const all = rates(warmupCosine(1, 0.1), 100);
    expect(all[0]).toBeCloseTo(0.1);
    expect(all[9]).toBe(1);
    expect(all[10]).toBe(1);
    expect(all[55]).toBeCloseTo(0.5);
    expect(all[99]).toBeLessThan(0.001);
    const falling = all.slice(10);
    expect(falling.every((rate, index) => index === 0 || rate < falling[index - 1])).toBe(true);
    expect(rates(cosine(1, 0.2), 100).at(-1)).toBeCloseTo(0.2, 3);
    expect(rates(warmup(constant(0.5), 0.5), 4)).toEqual([0.25, 0.5, 0.5, 0.5]);
  });

  test('one cycle is that of PyTorch 2.15: OneCycleLR(optimizer, max_lr=0.5, total_steps=20)', () => {
    const expected = [
      0.02, 0.0658359214, 0.185835921, 0.334164079, 0.454164079, 0.5, 0.493732003, 0.475242316, 0.445458089,
      0.405872827, 0.358471501, 0.305631011, 0.250001, 0.194370989, 0.141530499, 0.094129173, 0.0545439112,
      0.024759684, 0.00626999688, 2e-6,
    ];
    for (const [step, rate] of rates(oneCycle(0.5), 20).entries())
      expect(rate).toBeCloseTo(expected[step], 8);
  });

  test('by epoch', () => {
    expect(
      rates(
        byEpoch((epoch, epochs) => epoch / epochs),
        6,
        2,
      ),
    ).toEqual([0, 0, 1 / 3, 1 / 3, 2 / 3, 2 / 3]);
  });
});
