import { type ExampleOf, multiTaskModel, type Sharing } from '@espalier/core';
import { hardSharing } from '@espalier/sharing';
import { evaluate } from '@espalier/trainer';
import * as tfl from '@tensorflow/tfjs-layers';
import { normals, seeded } from '../numbers.js';
import { type Regression, regression } from '../regression.js';
import { type Budget, drawFrom, train } from './train.js';

type Tasks = Readonly<Record<string, Regression>>;
type CorrelatedExample = ExampleOf<Tasks>;

const inputs = 8;
const batch = 32;

/** Rates of the sines, and their shifts: how far from linear the tasks are. */
const waves = [
  { rate: 1, shift: 0 },
  { rate: 2, shift: 1 },
];

type Vector = readonly number[];
const dot = (a: Vector, b: Vector) => a.reduce((sum, value, i) => sum + value * b[i]!, 0);

/** A direction across all of these. */
function across(others: readonly Vector[], random: () => number): Vector {
  const drawn = Array.from({ length: inputs }, random);
  const left = others.reduce<Vector>((a, b) => a.map((value, i) => value - dot(a, b) * b[i]!), drawn);
  return left.map((value) => value / Math.sqrt(dot(left, left)));
}

/**
 * Regressions of one number each from the same 8 numbers, 200 examples to learn from. The direction that a task looks
 * along has the given correlation with the first task's.
 *
 * Made as in J. Ma et al., "Modeling Task Relationships in Multi-task Learning with Multi-gate Mixture-of-Experts",
 * KDD 2018, section 3.2: y = w·x + Σ sin(rate w·x + shift) + noise of variance 0.01.
 *
 * @param correlations of each task with the first one, by the task's name.
 */
export function correlatedTasks(correlations: Readonly<Record<string, number>>, seed: number) {
  const random = normals(seed);
  const first = across([], random);
  const directions: Vector[] = [first];
  const tasks = Object.entries(correlations).map(([name, correlation]) => {
    const own = across(directions, random);
    directions.push(own);
    return {
      name,
      along: first.map((value, i) => correlation * value + Math.sqrt(1 - correlation ** 2) * own[i]!),
    };
  });
  const examples = (count: number): CorrelatedExample[] =>
    Array.from({ length: count }, () => {
      const input = Float32Array.from({ length: inputs }, random);
      const labels = tasks.map(({ name, along }) => {
        const place = dot(along, [...input]);
        const bent = waves.reduce((sum, { rate, shift }) => sum + Math.sin(rate * place + shift), place);
        return [name, bent + 0.1 * random()];
      });
      return { input, labels: Object.fromEntries(labels) };
    });
  return { correlations, names: Object.keys(correlations), train: examples(200), test: examples(1000), seed };
}

export interface Network {
  /** The tasks that it learns. */
  readonly names: readonly string[];
  readonly sharing: Sharing;
  /** The width of its two stages. */
  readonly units: number;
}

/** Trains a network for some of the tasks, and gives each one's mean squared error on the examples to test on. */
export async function errorsOf(
  { train: pool, test, seed }: ReturnType<typeof correlatedTasks>,
  { names, sharing, units }: Network,
  budget: Pick<Budget<Tasks>, 'weighting' | 'aggregator'> & {
    /** What a task's loss is multiplied by, as another unit of its labels would do. */
    readonly scales?: Readonly<Record<string, number>>;
  } = {},
): Promise<{ readonly errors: Readonly<Record<string, number>>; readonly weights: number }> {
  const model = multiTaskModel({
    inputShape: [inputs],
    trunk: () => ['first', 'second'].map((name) => tfl.layers.dense({ name, units, activation: 'tanh' })),
    sharing,
    heads: Object.fromEntries(names.map((name) => [name, regression(budget.scales?.[name])])) as Tasks,
    seed,
  });
  try {
    const own = ({ input, labels }: CorrelatedExample) => ({
      input,
      labels: Object.fromEntries(names.map((name) => [name, labels[name]])),
    });
    const draw = drawFrom(pool.map(own), batch, seeded(seed + 100));
    await train(model, { ...budget, updates: 300, learningRate: 5e-3, draw, seed });
    const found = await evaluate(
      model,
      { length: test.length, at: (i) => own(test[i]!) },
      { batchSize: test.length },
    );
    const errors = names.map((name) => [name, found[name]!.error!]);
    return { errors: Object.fromEntries(errors), weights: model.countParams() };
  } finally {
    model.dispose();
  }
}

const alone = new Map<string, Promise<number>>();

/** Errors of tasks in one network, each divided by that of a network of the same size for the task alone. */
export async function ratiosToAlone(
  tasks: ReturnType<typeof correlatedTasks>,
  errors: Readonly<Record<string, number>>,
  units: number,
): Promise<Readonly<Record<string, number>>> {
  const ratios: Record<string, number> = {};
  for (const [name, error] of Object.entries(errors)) {
    ratios[name] = error / (await errorAlone(tasks, name, units));
  }
  return ratios;
}

/** The error of a network of the same size for one task, after the same number of updates. */
function errorAlone(tasks: ReturnType<typeof correlatedTasks>, name: string, units: number): Promise<number> {
  const key = JSON.stringify([tasks.names, name, tasks.correlations[name], tasks.seed, units]);
  const known =
    alone.get(key) ??
    errorsOf(tasks, { names: [name], sharing: hardSharing(), units }).then(({ errors }) => errors[name]!);
  alone.set(key, known);
  return known;
}
