import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-layers'; // registers the operations' gradients
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import {
  type Aggregator,
  aggregate,
  aggregators,
  byGroup,
  crMogm,
  DegenerateError,
  everyK,
  InputError,
  normalized,
  preferred,
  StateError,
  type TaskState,
  type Weighting,
  weightings,
} from '../src/index.js';
import * as tensors from '../src/tensors.js';
import { distance, dot, norm } from './matrices.js';
import { seeded } from './random.js';

const shapes = [[3, 4], [5], [2, 2, 3], []];
const width = 12 + 5 + 12 + 1;

/** Gradients as numbers that single precision holds. */
function randomRows(tasks: number, seed: number): number[][] {
  const random = seeded(seed);
  return Array.from({ length: tasks }, () =>
    Array.from({ length: width }, () => Math.fround(random() + random() - 1)),
  );
}

const product = (shape: readonly number[]) => shape.reduce((size, side) => size * side, 1);

function toTensors(row: readonly number[] | undefined): tf.Tensor[] | undefined {
  let to = 0;
  return (
    row &&
    shapes.map((shape) => {
      const from = to;
      to += product(shape);
      return tf.tensor(row.slice(from, to), shape);
    })
  );
}

const flat = (list: readonly tf.Tensor[]) => list.flatMap((tensor) => Array.from(tensor.dataSync()));

/** Every method of the registry, with the options that have no default, and the wrappers. */
const methods = (tasks: number): Record<string, Aggregator> => {
  const { constant, ...rest } = aggregators;
  return {
    ...Object.fromEntries(Object.entries(rest).map(([name, create]) => [name, create() as Aggregator])),
    constant: constant({ weights: Array.from({ length: tasks }, (_, i) => i + 1) }),
    'byGroup(upGrad)': byGroup(aggregators.upGrad(), { sizes: [12, 5, 12, 1] }) as Aggregator,
    'crMogm(mgda)': crMogm(aggregators.mgda()) as Aggregator,
    'everyK(nashMtl)': everyK(aggregators.nashMtl(), { k: 2 }) as Aggregator,
    'normalized(caGrad)': normalized(aggregators.caGrad()),
    'preferred(trimmedMean)': preferred(aggregators.trimmedMean(), {
      preference: Array.from({ length: tasks }, () => 1 / tasks),
    }),
  };
};

/** Whatever a test makes is gone after it: the code under test must not keep more. */
beforeEach(() => tf.engine().startScope());
afterEach(() => {
  tf.engine().endScope();
  vi.restoreAllMocks();
});

/** The bytes that are read from the engine meanwhile. */
function bytesRead(work: () => void): number {
  let bytes = 0;
  const readSync = tf.backend().readSync.bind(tf.backend());
  vi.spyOn(tf.backend(), 'readSync').mockImplementation((id) => {
    const values = readSync(id);
    bytes += (values as Float32Array).byteLength;
    return values;
  });
  work();
  return bytes;
}

describe.each(Object.keys(methods(5)))('%s on tensors', (name) => {
  it.each([
    ['all tasks', []],
    ['an absent task', [1]],
  ] as const)('is what it is on numbers: %s', (_title, absent) => {
    const method = methods(5)[name]!;
    let onTensors: TaskState = method.init(5);
    let onNumbers: TaskState = method.init(5);
    for (const step of [1, 2, 3]) {
      const rows = randomRows(5, step).map((row, task) =>
        absent.some((it) => it === task) ? undefined : row,
      );
      const context = () => ({ random: seeded(step), losses: [1, 2, 3, 4, 5] });
      const expected = aggregate(method, onNumbers, rows, context());
      const found = tensors.aggregate(method, onTensors, rows.map(toTensors), context());
      onTensors = JSON.parse(JSON.stringify(found.state));
      onNumbers = expected.state;
      expect(found.direction.map(({ shape }) => shape)).toEqual(shapes);
      expect(distance(flat(found.direction), expected.direction)).toBeLessThan(
        1e-4 * norm(expected.direction),
      );
    }
  });

  it('keeps no tensor but the direction', () => {
    const method = methods(5)[name]!;
    const gradients = randomRows(5, 1).map(toTensors);
    const { numTensors } = tf.memory();
    const { direction } = tensors.aggregate(method, method.init(5), gradients, { losses: [1, 2, 3, 4, 5] });
    expect(tf.memory().numTensors).toBe(numTensors + shapes.length);
    tf.dispose(direction);
    expect(tf.memory().numTensors).toBe(numTensors);
  });

  it('reads no more from the engine than it needs', () => {
    const method = methods(5)[name]!;
    const gradients = randomRows(5, 1).map(toTensors);
    const bytes = bytesRead(() =>
      tensors.aggregate(method, method.init(5), gradients, { losses: [1, 2, 3, 4, 5] }),
    );
    expect(bytes).toBe(4 * { losses: 0, gramian: 5 * 5, jacobian: 5 * width }[method.needs]);
  });

  it('has nothing to do without tasks', () => {
    const method = methods(5)[name]!;
    const state = method.init(5);
    const found = tensors.aggregate(method, state, new Array(5).fill(undefined), {
      losses: new Array(5).fill(undefined),
    });
    expect(found.direction).toEqual([]);
  });
});

describe('aggregate', () => {
  it('reads nothing in the steps between', () => {
    const method = everyK(aggregators.upGrad(), { k: 3 });
    let state = method.init(4);
    const reads = [1, 2, 3, 4].map((seed) =>
      bytesRead(() => {
        ({ state } = tensors.aggregate(method, state, randomRows(4, seed).map(toTensors)));
        vi.restoreAllMocks();
      }),
    );
    expect(reads).toEqual([64, 0, 0, 64]);
  });

  it('judges ranks by single precision', () => {
    // The third is the sum of the others: in double precision its rounding looks like a third direction.
    const [a, b] = randomRows(2, 3);
    const rows = [a!, b!, a!.map((value, c) => Math.fround(value + b![c]!))];
    const gradients = rows.map(toTensors);
    expect(tensors.readGramian(gradients).every((row) => row instanceof Float32Array)).toBe(true);
    for (const method of [aggregators.alignedMtl(), aggregators.conFig(), aggregators.imtlG()]) {
      const { direction } = tensors.aggregate(method, method.init(3), gradients);
      expect(norm(flat(direction))).toBeLessThan(10 * Math.max(...rows.map(norm)));
    }
  });

  it('leaves nothing behind when it fails', () => {
    const conflict = [randomRows(1, 1)[0]!, randomRows(1, 1)[0]!.map((value) => -value)].map(toTensors);
    const broken = [randomRows(1, 1)[0]!.map(() => Number.NaN), randomRows(1, 1)[0]!].map(toTensors);
    const odd = [toTensors(randomRows(1, 1)[0]), [tf.zeros([width])]];
    const nash = aggregators.nashMtl();
    const drop = aggregators.gradDrop();
    const { numTensors } = tf.memory();
    expect(() => tensors.aggregate(nash, nash.init(2), conflict)).toThrow(DegenerateError);
    expect(() => tensors.aggregate(nash, nash.init(2), broken)).toThrow(/nashMtl: expected a finite Gramian/);
    expect(() => tensors.aggregate(drop, drop.init(2), broken)).toThrow(
      /gradDrop: expected a finite gradient/,
    );
    expect(() => tensors.aggregate(nash, nash.init(3), conflict)).toThrow(StateError);
    expect(() => tensors.aggregate(drop, drop.init(3), conflict)).toThrow(StateError);
    expect(() => tensors.aggregate(nash, nash.init(2), odd)).toThrow(
      new InputError('nashMtl', 'gradients of task 1 in the shapes [3, 4] [5] [2, 2, 3] []', `[${width}]`),
    );
    expect(() => tensors.aggregate(nash, nash.init(2), [[], []])).toThrow(DegenerateError);
    expect(tf.memory().numTensors).toBe(numTensors);
  });
});

describe('the halves of aggregate', () => {
  it('gramian and combine with weights that are a tensor', () => {
    const rows = [randomRows(1, 1)[0], undefined, randomRows(1, 2)[0]];
    const gradients = rows.map(toTensors);
    const inner = tensors.gramian(gradients).arraySync();
    expect(inner[0]![1]).toBeCloseTo(dot(rows[0]!, rows[2]!), 5);
    const combined = flat(tensors.combine(gradients, tf.tensor1d([2, 99, -1])));
    const expected = rows[0]!.map((value, c) => 2 * value - rows[2]![c]!);
    expect(distance(combined, expected)).toBeLessThan(1e-5);
  });

  it('readGramian spreads over the tasks that are there', () => {
    const [a, b] = randomRows(2, 5);
    const rows = tensors.readGramian([undefined, toTensors(a), toTensors(b)]);
    expect(rows[0]).toBeUndefined();
    expect(rows[1]![0]).toBe(0);
    expect(rows[1]![2]).toBeCloseTo(dot(a!, b!), 5);
  });

  it('keeps single precision over a million numbers', () => {
    const gradient = tf.randomNormal([1000, 1000], 0, 1, 'float32', 1);
    const values = gradient.dataSync();
    const exact = dot(values, values);
    expect(Math.abs(tensors.readGramian([[gradient]])[0]![0]! / exact - 1)).toBeLessThan(3e-6);
  });
});

/** Every weighting of the registry, with the options that have no default. */
const lossMethods: Record<string, Weighting> = {
  ...Object.fromEntries(
    Object.entries(weightings)
      .filter(([name]) => !['weighted', 'inverseFrequency', 'scheduled'].includes(name))
      .map(([name, create]) => [name, (create as () => Weighting)()]),
  ),
  weighted: weightings.weighted({ weights: [1, 2, 3] }),
  inverseFrequency: weightings.inverseFrequency({ counts: [10, 20, 40] }),
  scheduled: weightings.scheduled({ weights: (step) => [step, 1, 2] }),
};

describe.each(Object.keys(lossMethods))('%s on tensors', (name) => {
  const method = lossMethods[name]!;
  const context = {
    step: 3,
    epoch: 1,
    random: seeded(1),
    gramian: [Float32Array.of(4, 1, 0), Float32Array.of(1, 9, 0), Float32Array.of(0, 0, 1)],
    kpis: [0.2, 0.5, 0.9],
  };
  const numbers = [0.5, 2, 1.25];

  it.each([
    ['all tasks', numbers],
    ['an absent task', [0.5, undefined, 1.25]],
  ])('its value and its gradient are those on numbers: %s', (_title, losses) => {
    const state = method.init(3);
    const expected = method.step(state, losses, { ...context, random: seeded(1) });
    const variables = losses.map((loss) => tf.variable(tf.scalar(loss ?? 0)));
    let found: tensors.TensorLoss<TaskState> | undefined;
    const { value, grads } = tf.variableGrads(() => {
      const scalars = losses.map((loss, task) =>
        loss === undefined ? undefined : tf.mul<tf.Scalar>(variables[task]!, 1),
      );
      found = tensors.weigh(method, state, scalars, { ...context, random: seeded(1) });
      return found.loss;
    });
    expect(value.dataSync()[0]).toBeCloseTo(expected.value, 5);
    variables.forEach((variable, task) => {
      const gradient = grads[variable.name]?.dataSync()[0] ?? 0;
      expect(gradient).toBeCloseTo(expected.weights[task]!, 5);
    });
    expect(found!.losses).toEqual(losses);
    expect(found!.state).toEqual(expected.state);
    expect(found!.gradients).toEqual(expected.gradients);
    tf.dispose(variables);
  });

  it('keeps no tensor but the loss, from one read', () => {
    const scalars = numbers.map((loss) => tf.scalar(loss));
    const { numTensors } = tf.memory();
    const bytes = bytesRead(() => tensors.weigh(method, method.init(3), scalars, context).loss.dispose());
    expect(bytes).toBe(12);
    expect(tf.memory().numTensors).toBe(numTensors);
    const broken = [tf.scalar(1), tf.scalar(Number.NaN), tf.scalar(1)];
    expect(() => tensors.weigh(method, method.init(3), broken, context)).toThrow(InputError);
    expect(() => tensors.weigh(method, method.init(2), scalars, context)).toThrow(StateError);
    expect(tf.memory().numTensors).toBe(numTensors + 3);
  });
});

it('a loss without tasks is 0', () => {
  const method = weightings.mean();
  const { loss, losses } = tensors.weigh(method, method.init(2), [undefined, undefined]);
  expect(loss.dataSync()[0]).toBe(0);
  expect(losses).toEqual([undefined, undefined]);
});
