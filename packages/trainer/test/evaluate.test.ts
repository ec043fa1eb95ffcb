import { evaluate, mapData, predict, TrainerError } from '@espalier/trainer';
import { afterAll, expect, test } from 'vitest';
import { compose, points } from './small-task.js';

const model = compose();
afterAll(() => model.dispose());

test('every batch size gives the same predictions and metrics', async () => {
  const data = points(20, 3);
  const whole = await evaluate(model, data, { batchSize: 20 });
  const parts = await evaluate(model, data, { batchSize: 7 });
  expect(parts.side).toEqual(whole.side);
  expect(parts.distance.error).toBeCloseTo(whole.distance.error, 6);
  expect((await predict(model, data, { batchSize: 7 })).side).toHaveLength(20);
});

test('every example is asked for once', async () => {
  const data = points(20, 3);
  const asked: number[] = [];
  const counted = { length: 20, at: (index: number) => data.at(asked.push(index) - 1) };
  await evaluate(model, counted, { batchSize: 7 });
  expect(asked).toEqual(Array.from({ length: 20 }, (_, index) => index));
});

test('a task is measured on the examples that carry its label', async () => {
  const [all, some] = [points(20, 3), points(20, 3, (index) => index < 5)];
  const few = { length: 5, at: all.at };
  const expected = await evaluate(model, few, { batchSize: 5 });
  const found = await evaluate(model, some, { batchSize: 5 });
  expect(found.distance.error).toBeCloseTo(expected.distance.error, 6);
});

test('nothing to measure on is an error that says so', async () => {
  await expect(evaluate(model, points(0, 1), { batchSize: 4 })).rejects.toThrow(
    /data set to evaluate on is empty/,
  );
  const unlabelled = evaluate(
    model,
    points(4, 1, () => false),
    { batchSize: 4 },
  );
  await expect(unlabelled).rejects.toThrow(TrainerError);
  await expect(
    evaluate(
      model,
      points(4, 1, () => false),
      { batchSize: 4 },
    ),
  ).rejects.toThrow(/Task "distance": no example/);
});

test('data are seen through a function without being copied', () => {
  let asked = 0;
  const lazy = mapData({ length: 3, at: (index: number) => index }, (value) => {
    asked++;
    return value * 2;
  });
  expect(asked).toBe(0);
  expect(lazy.at(2)).toBe(4);
});
