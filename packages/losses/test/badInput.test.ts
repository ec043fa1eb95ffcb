import { describe, expect, it } from 'vitest';
import {
  type Aggregator,
  aggregators,
  byGroup,
  ContextError,
  crMogm,
  everyK,
  InputError,
  type LossesError,
  nashMtl,
  preferred,
  StateError,
  type Weighting,
  weightings,
} from '../src/index.js';

/** The options that a method cannot do without. */
const required: Record<string, unknown> = {
  constant: { weights: [0.5, 0.5] },
  weighted: { weights: [0.5, 0.5] },
  inverseFrequency: { counts: [10, 20] },
  scheduled: { weights: () => [1, 1] },
};
const create = <Method>(registry: object): [string, Method][] =>
  Object.entries(registry as Record<string, (options?: unknown) => Method>).map(([name, factory]) => [
    name,
    factory(required[name]),
  ]);
const allAggregators = create<Aggregator>(aggregators);
const allWeightings = create<Weighting>(weightings);
const onWeights = allAggregators.flatMap(([name, method]) =>
  method.needs === 'jacobian' ? [] : [[name, method] as const],
);

/** The error names the method, is of the kind, and its message tells what was found. */
function refused(
  call: () => unknown,
  method: string,
  kind: new (...args: never[]) => LossesError,
  found: RegExp,
) {
  let caught: unknown;
  try {
    call();
  } catch (error) {
    caught = error;
  }
  expect(caught).toBeInstanceOf(kind);
  expect((caught as LossesError).method).toBe(method);
  expect((caught as LossesError).message).toMatch(
    new RegExp(`^${method.replace(/[()]/g, '\\$&')}: expected .*, found`),
  );
  expect((caught as LossesError).message).toMatch(found);
}

describe.each(onWeights)('%s on a bad Gramian', (name, method) => {
  it.each([
    ['is empty', [], /at least one task, found 0/],
    [
      'is not square',
      [
        [1, 0, 0],
        [0, 1, 0],
      ],
      /square.*found a row of 3/,
    ],
    [
      'is not symmetric',
      [
        [1, 0.5],
        [-0.5, 1],
      ],
      /symmetric.*found \[-0.5,0.5\]/,
    ],
    [
      'has a negative diagonal',
      [
        [1, 0],
        [0, -2],
      ],
      /non-negative diagonal.*found -2/,
    ],
    [
      'has a NaN',
      [
        [1, Number.NaN],
        [Number.NaN, 1],
      ],
      /finite.*found NaN/,
    ],
    [
      'is infinite',
      [
        [1, 0],
        [0, Number.POSITIVE_INFINITY],
      ],
      /finite.*found Infinity/,
    ],
    [
      'cannot be one',
      [
        [1, 3],
        [3, 1],
      ],
      /Cauchy-Schwarz.*found 3/,
    ],
  ])('%s', (_what, gramian, found) => {
    refused(() => method.weights(gramian as number[][]), name, InputError, found);
  });
});

describe.each(allAggregators)('%s on a bad Jacobian', (name, method) => {
  it('is empty', () => refused(() => method.direction([]), name, InputError, /at least one task, found 0/));
  it('has rows of different lengths', () =>
    refused(() => method.direction([[1, 2], [3]]), name, InputError, /one length.*found a row of 1/));
  it('has a NaN', () =>
    refused(
      () =>
        method.direction([
          [1, 2],
          [3, Number.NaN],
        ]),
      name,
      InputError,
      /task 1, found NaN/,
    ));
  it('comes with the state of another number of tasks', () => {
    const rows = [
      [1, 2],
      [3, 4],
      [5, 6],
    ];
    const context = { state: method.init(2), losses: [1, 1, 1] };
    refused(() => method.direction(rows, context), name, StateError, /state of 3 tasks, found 2/);
  });
  it.each([0, -1, 1.5])('has no %d tasks', (tasks) => {
    refused(() => method.init(tasks), name, InputError, new RegExp(`found ${tasks}`));
  });
});

describe.each(allWeightings)('%s on bad losses', (name, method) => {
  const context = {
    step: 0,
    epoch: 0,
    gramian: [
      [1, 0],
      [0, 1],
    ],
    kpis: [0.5, 0.5],
  };
  it('has no tasks', () => refused(() => method.init(0), name, InputError, /at least one task, found 0/));
  it('has no losses', () => refused(() => method.step(method.init(2), []), name, InputError, /found 0/));
  it.each([Number.NaN, Number.POSITIVE_INFINITY])('has a loss of %d', (loss) => {
    refused(
      () => method.step(method.init(2), [1, loss], context),
      name,
      InputError,
      /task 1, found (NaN|Infinity)/,
    );
  });
  it('comes with the state of another number of tasks', () => {
    refused(() => method.step(method.init(2), [1, 2, 3], context), name, StateError, /3 tasks, found 2/);
  });
  it('leaves absent tasks out, and a batch without any alone', () => {
    const state = method.init(2);
    const one = method.step(state, [2, undefined], context);
    expect(one.weights).toHaveLength(2);
    expect(one.weights[1]).toBe(0);
    expect(Number.isFinite(one.value)).toBe(true);
    expect(method.step(state, [undefined, undefined], context)).toEqual({
      value: 0,
      weights: new Float64Array(2),
      state,
    });
  });
});

describe('a loss of at most 0 under a logarithm', () => {
  it.each(['geometricMean', 'logScale', 'famo'] as const)('%s', (name) => {
    const method = weightings[name]() as Weighting;
    refused(() => method.step(method.init(2), [1, -3]), name, InputError, /task 1, found -3/);
  });
  it('dbMtl', () => {
    const call = () => aggregators.dbMtl().direction([[1], [2]], { losses: [1, 0] });
    refused(call, 'dbMtl', InputError, /task 1, found 0/);
  });
});

describe('preferences', () => {
  it.each([
    ['do not sum to 1', [0.5, 0.6], /sum to 1, found \[0.5,0.6\]/],
    ['are negative', [1.5, -0.5], /non-negative.*found \[1.5,-0.5\]/],
  ])('%s', (_what, preference, found) => {
    refused(() => aggregators.upGrad({ preference }), 'upGrad', InputError, found);
    refused(() => aggregators.dualProj({ preference }), 'dualProj', InputError, found);
    refused(() => aggregators.alignedMtl({ preference }), 'alignedMtl', InputError, found);
    refused(() => preferred(nashMtl(), { preference }), 'preferred', InputError, found);
    for (const name of ['stch', 'tchebycheff', 'pbi'] as const)
      refused(() => weightings[name]({ weights: preference }), name, InputError, found);
  });
  it('are of the wrong length', () => {
    const preference = [0.5, 0.25, 0.25];
    const rows = [
      [1, 0],
      [0, 1],
    ];
    const found = /with 2 entries, found \[0.5,0.25,0.25\]/;
    refused(() => aggregators.upGrad({ preference }).direction(rows), 'upGrad', InputError, found);
    refused(() => aggregators.alignedMtl({ preference }).direction(rows), 'alignedMtl', InputError, found);
    refused(
      () => aggregators.constant({ weights: preference }).direction(rows),
      'constant',
      InputError,
      found,
    );
    const method = weightings.stch({ weights: preference });
    refused(() => method.step(method.init(2), [1, 2]), 'stch', InputError, found);
  });
});

describe('options and context', () => {
  it.each([
    ['caGrad', { c: -1 }, /found -1/],
    ['caGrad', { rescale: 3 }, /found 3/],
    ['fairGrad', { alpha: 0 }, /found 0/],
    ['nashMtl', { maxNorm: Number.NaN }, /found NaN/],
    ['alignedMtl', { scaleMode: 'max' }, /found max/],
    ['pcGrad', { order: 'best' }, /found best/],
    ['krum', { nSelected: 0 }, /found 0/],
    ['trimmedMean', { trim: -1 }, /found -1/],
    ['gradDrop', { leak: 2 }, /found 2/],
  ])('%s %j', (name, options, found) => {
    const factory = (aggregators as unknown as Record<string, (options: unknown) => Aggregator>)[name]!;
    refused(() => factory(options), name, InputError, found);
  });
  it.each([
    ['dwa', { temperature: 0 }, /found 0/],
    ['stch', { mu: -1 }, /found -1/],
    ['gradNorm', { lr: 0 }, /found 0/],
    ['inverseFrequency', { counts: [1, 0] }, /found \[1,0\]/],
    ['uncertainty', { kinds: ['ranking'] }, /found ranking/],
    ['dynamicTaskPrioritization', { alpha: 0 }, /found 0/],
  ])('%s %j', (name, options, found) => {
    const factory = (weightings as unknown as Record<string, (options: unknown) => Weighting>)[name]!;
    refused(() => factory(options), name, InputError, found);
  });
  it.each(['dwa', 'gradNorm', 'dynamicTaskPrioritization', 'scheduled'])('%s misses its context', (name) => {
    const [, method] = allWeightings.find(([other]) => other === name)!;
    refused(() => method.step(method.init(2), [1, 2]), name, ContextError, /context\.\w+, found undefined/);
  });
  it('krum has too few tasks', () => {
    refused(() => aggregators.krum().direction([[1], [2]]), 'krum', InputError, /at least 4 tasks, found 2/);
  });
  it('byGroup has other parameters', () => {
    const method = byGroup(nashMtl(), { sizes: [1, 2] });
    refused(() => method.direction([[1, 2]]), 'byGroup(nashMtl)', InputError, /3 entries, found 2/);
  });
  it('everyK and crMogm have wrong settings', () => {
    refused(() => everyK(nashMtl(), { k: 0 }), 'everyK(nashMtl)', InputError, /found 0/);
    refused(
      () => everyK(aggregators.gradDrop() as never, { k: 2 }),
      'everyK(gradDrop)',
      InputError,
      /Jacobian/,
    );
    refused(() => crMogm(nashMtl(), { alpha: 1 }), 'crMogm(nashMtl)', InputError, /found 1/);
  });
});

it('every aggregator and weighting bears its name in the registry', () => {
  for (const [name, method] of [...allAggregators, ...allWeightings]) expect(method.name).toBe(name);
});
