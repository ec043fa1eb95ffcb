import { constant, curriculum, type FitOptions, reduceOnPlateau, uniform } from '@espalier/trainer';
import { expectTypeOf, test } from 'vitest';
import type { SideHeads } from './small-task.js';

type Options = Pick<FitOptions<SideHeads>, 'sampler' | 'schedule'>;

const rules = { of: 'losses', patience: 2 } as const;

test('curricula and schedules name tasks of the model', () => {
  const options: Options = {
    sampler: curriculum([{ tasks: ['side'], epochs: 2 }, { sampler: uniform() }]),
    schedule: reduceOnPlateau(constant(1), { by: 'distance', ...rules }),
  };
  expectTypeOf(options).toEqualTypeOf<Options>();
  // @ts-expect-error: the model has no such task
  curriculum<SideHeads>([{ tasks: ['depth'] }]);
  // @ts-expect-error: a phase learns at least one task
  curriculum<SideHeads>([{ tasks: [] }]);
  // @ts-expect-error: the model has no such task
  reduceOnPlateau<SideHeads>(constant(1), { by: 'depth', ...rules });
});
