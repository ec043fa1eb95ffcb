import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { type TaskState, type Weighting, weightings } from '../src/index.js';
import { seeded } from './random.js';

interface Case {
  method: string;
  params: Record<string, unknown>;
  losses: number[];
  value: number;
  grad_losses: number[];
  grad_params?: Record<string, number[]>;
  tolerance: number;
}

type Column =
  | 'z'
  | 'logits_before'
  | 'logits_after'
  | 'losses'
  | 'losses_before'
  | 'losses_after_model_step'
  | 'grad_losses'
  | 'unweighted_grad_norms'
  | 'weights'
  | 'weights_before'
  | 'weights_renormalised'
  | 'kpi'
  | 'kpi_smoothed';

interface Sequence {
  method: string;
  params: Record<string, unknown>;
  epochs?: {
    epoch: number;
    weights: number[];
    epoch_mean_losses?: number[];
    weighted_sum_at_these_losses?: number;
  }[];
  steps?: (Record<Column, number[]> & Record<'value' | 'total_loss', number>)[];
  moments?: {
    tasks: number;
    mean_of_each_weight: number;
    variance_of_each_weight: number;
    covariance_of_two_weights: number;
  }[];
  scalarised?: { losses: number[]; expected_value: number; std_of_value: number }[];
  tolerance: number;
}

const reference: { cases: Case[]; sequences: Sequence[] } = JSON.parse(
  readFileSync(new URL('reference/scalarizers.json', import.meta.url), 'utf8'),
);
const factories = weightings as Record<string, (options: never) => Weighting>;
const create = ({ method, params }: { method: string; params: unknown }) =>
  factories[method]!(params as never);

function expectClose(found: ArrayLike<number>, exact: readonly number[], tolerance: number) {
  expect(found.length).toBe(exact.length);
  exact.forEach((value, i) => {
    expect(Math.abs(found[i]! - value)).toBeLessThanOrEqual(tolerance * Math.max(1, Math.abs(value)));
  });
}

/** What a run that was saved and loaded between two steps goes on from. */
const saved = <State>(state: State): State => JSON.parse(JSON.stringify(state));
const at = <State extends TaskState>(state: State) =>
  state as unknown as Record<'logits' | 'weights' | 'kpis', number[]>;

describe.each(
  reference.cases.map((entry) => [`${entry.method} ${JSON.stringify(entry.params)}`, entry] as const),
)('%s', (_title, entry) => {
  it(`on [${entry.losses.join(', ')}]`, () => {
    const weighting = create(entry);
    const step = weighting.step(weighting.init(entry.losses.length), entry.losses);
    expectClose([step.value], [entry.value], entry.tolerance);
    expectClose(step.weights, entry.grad_losses, entry.tolerance);
    for (const [name, gradient] of Object.entries(entry.grad_params ?? {}))
      expectClose(step.gradients![name]!, gradient, entry.tolerance);
  });
});

const sequences = reference.sequences.map(
  (entry, i) => [`${i}: ${entry.method} ${JSON.stringify(entry.params)}`, entry] as const,
);
const of = (method: string) => sequences.filter(([, entry]) => entry.method === method);

it('knows every method that has a sequence', () => {
  expect(new Set(reference.sequences.map(({ method }) => method))).toEqual(
    new Set(['dwa', 'famo', 'gradNorm', 'dynamicTaskPrioritization', 'randomLossWeighting']),
  );
});

it.each(of('dwa'))('%s', (_title, entry) => {
  const weighting = create(entry);
  let state = weighting.init(entry.epochs![0]!.weights.length);
  for (const { epoch, weights, epoch_mean_losses, weighted_sum_at_these_losses } of entry.epochs!) {
    const losses = epoch_mean_losses ?? weights;
    // Two batches around the epoch's mean.
    for (const factor of [0.5, 1.5]) {
      const step = weighting.step(
        state,
        losses.map((loss) => loss * factor),
        { epoch },
      );
      expectClose(step.weights, weights, entry.tolerance);
      if (weighted_sum_at_these_losses !== undefined)
        expectClose([step.value], [weighted_sum_at_these_losses * factor], entry.tolerance);
      state = saved(step.state);
    }
  }
});

it.each(of('famo'))('%s', (_title, entry) => {
  const weighting = create(entry);
  let state = weighting.init(entry.steps![0]!.z.length);
  for (const expected of entry.steps!) {
    expectClose(at(state).logits, expected.logits_before, entry.tolerance);
    const step = weighting.step(state, expected.losses_before);
    expectClose([step.value], [expected.value], entry.tolerance);
    expectClose(step.weights, expected.grad_losses, entry.tolerance);
    state = saved(weighting.afterUpdate!(saved(step.state), expected.losses_after_model_step));
    expectClose(at(state).logits, expected.logits_after, entry.tolerance);
  }
});

it.each(of('gradNorm'))('%s', (_title, entry) => {
  const weighting = create(entry);
  let state = weighting.init(entry.steps![0]!.losses.length);
  for (const expected of entry.steps!) {
    const norms = expected.unweighted_grad_norms;
    const gramian = norms.map((a, i) => norms.map((b, j) => (i === j ? a * b : 0)));
    const step = weighting.step(state, expected.losses, { gramian });
    expectClose([step.value], [expected.total_loss], entry.tolerance);
    expectClose(step.weights, expected.weights_before, entry.tolerance);
    state = saved(step.state);
    expectClose(at(state).weights, expected.weights_renormalised, entry.tolerance);
  }
});

it.each(of('dynamicTaskPrioritization'))('%s', (_title, entry) => {
  const weighting = create(entry);
  let state = weighting.init(entry.steps![0]!.kpi.length);
  for (const expected of entry.steps!) {
    const step = weighting.step(state, expected.losses, { kpis: expected.kpi });
    expectClose([step.value], [expected.value], entry.tolerance);
    expectClose(step.weights, expected.weights, entry.tolerance);
    state = saved(step.state);
    expectClose(at(state).kpis, expected.kpi_smoothed, entry.tolerance);
  }
});

it.each(of('randomLossWeighting'))('%s', (_title, entry) => {
  const weighting = create(entry);
  const draws = 20_000;
  const random = seeded(7);
  const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
  for (const {
    tasks,
    mean_of_each_weight,
    variance_of_each_weight,
    covariance_of_two_weights,
  } of entry.moments!) {
    const losses = new Array<number>(tasks).fill(1);
    const drawn = Array.from({ length: draws }, () => weighting.step({ tasks }, losses, { random }).weights);
    for (let i = 0; i < tasks; i++) {
      const bound = 5 * Math.sqrt(variance_of_each_weight / draws);
      expect(Math.abs(mean(drawn.map((weights) => weights[i]!)) - mean_of_each_weight)).toBeLessThan(bound);
    }
    const centred = (weights: Float64Array, i: number) => weights[i]! - mean_of_each_weight;
    const variance = mean(drawn.map((weights) => centred(weights, 0) ** 2));
    expect(variance / variance_of_each_weight).toBeCloseTo(1, 1);
    const covariance = mean(drawn.map((weights) => centred(weights, 0) * centred(weights, 1)));
    expect(covariance / covariance_of_two_weights).toBeCloseTo(1, 1);
  }
  for (const { losses, expected_value, std_of_value } of entry.scalarised!) {
    const values = Array.from(
      { length: draws },
      () => weighting.step({ tasks: losses.length }, losses, { random }).value,
    );
    expect(Math.abs(mean(values) - expected_value)).toBeLessThan((5 * std_of_value) / Math.sqrt(draws));
  }
});
