import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type StepRecord, StepRecords } from '../src/step-records.js';

const tasks = ['first', 'second', 'third'] as const;
const placeOf = (step: number) => ({ step, steps: 40, epoch: Math.ceil(step / 8), epochs: 5 });

const number = fc.double({ noNaN: true, noDefaultInfinity: true });
const byTask = fc.record({ first: number, second: number, third: number }, { requiredKeys: [] });
const gramian = fc.tuple(...tasks.map(() => fc.option(fc.tuple(number, number, number), { nil: undefined })));
const values = fc.record(
  { losses: byTask, weights: byTask, seconds: number, batchSeconds: number, gramian },
  { requiredKeys: ['losses', 'weights'] },
);
const records = fc
  .array(values, { maxLength: 40 })
  .map((all) => all.map((own, index): StepRecord<never> => ({ ...placeOf(index + 1), ...own })));

function kept(all: readonly StepRecord<never>[]) {
  const own = new StepRecords<never>(tasks as never, placeOf);
  for (const record of all) own.push(record);
  return own;
}

test('gives back what it was given', () => {
  fc.assert(
    fc.property(records, (all) => {
      expect(kept(all).all()).toEqual(all);
    }),
  );
});

test('means the losses of the last steps, of each task over those that had a label', () => {
  const losses = [{ first: 9 }, { first: 1, second: 4 }, { first: 2 }, { second: 8, first: 6 }];
  const all = losses.map((own, index) => ({ ...placeOf(index + 1), losses: own, weights: {} }));
  expect(kept(all as never).meanLosses(3)).toEqual({ first: 3, second: 6 });
  expect(kept(all as never).meanLosses(2)).toEqual({ first: 4, second: 8 });
  expect(kept(all as never).meanLosses(100)).toEqual({ first: 4.5, second: 6 });
  expect(kept([]).meanLosses(3)).toEqual({});
});
