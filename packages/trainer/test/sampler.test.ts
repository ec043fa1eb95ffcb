import type { ExampleOf } from '@espalier/core';
import { sum } from '@espalier/losses';
import {
  adamW,
  annealed,
  byLength,
  byLoss,
  byProgress,
  checkHeldOut,
  constant,
  type DataOf,
  fit,
  joinData,
  mapData,
  onlyTask,
  proportional,
  roundRobin,
  type Sampler,
  type Sampling,
  type StepLosses,
  samplers,
  shuffled,
  TrainerError,
  temperature,
  uniform,
} from '@espalier/trainer';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { own } from './own.js';
import { compose, points, type SideHeads } from './small-task.js';

const options = {
  tasks: ['side', 'distance'] as const,
  batchSize: 10,
  stepsPerEpoch: 10,
  epochs: 5,
  seed: 1,
};

/** Examples 0 to `side` − 1 are labelled for `side` only, the next `distance` ones for `distance` only. */
function labelled(side: number, distance: number, classOf = (index: number) => index % 2): DataOf<SideHeads> {
  const at = (index: number): ExampleOf<SideHeads> => ({
    input: Float32Array.of(index, 0),
    labels:
      index < side ? { side: classOf(index), distance: undefined } : { side: undefined, distance: index },
  });
  return { length: side + distance, at };
}

const take = (sampling: Sampling<SideHeads>, batches: number) =>
  Array.from({ length: batches }, () => sampling.next()).flat();

/** Which part of the draws was for `side`. */
function partOfSide(sampler: Sampler<SideHeads>, sizes: [number, number], batches = 1000, more = {}): number {
  const draws = take(sampler.start(labelled(...sizes), { ...options, ...more }), batches);
  return draws.filter(({ index }) => index < sizes[0]).length / draws.length;
}

/** Five standard deviations of the mean of n draws with probability p. */
const tolerance = (p: number, n: number) => 5 * Math.sqrt((p * (1 - p)) / n);

describe('shuffled', () => {
  test('every epoch sees every example once, whatever the batch size', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 40 }),
        fc.integer({ min: 1, max: 50 }),
        fc.integer(),
        (length, batchSize, seed) => {
          const sampling = shuffled<SideHeads>().start(labelled(length, 0), { ...options, batchSize, seed });
          const seen = take(sampling, length * 2);
          for (let epoch = 0; epoch < 2 * batchSize; epoch++) {
            const own = seen.slice(epoch * length, (epoch + 1) * length);
            expect(own.every((draw) => draw.epoch === epoch)).toBe(true);
            expect(own.map(({ index }) => index).sort((a, b) => a - b)).toEqual(
              Array.from({ length }, (_, index) => index),
            );
          }
        },
      ),
    );
  });

  test.each(['epochs', 'seeds'])('all orders are equally likely, from one to the next of %s', (what) => {
    const counts = new Map<string, number>();
    const draw = (seed: number, batches: number) =>
      shuffledOrders(
        shuffled<SideHeads>().start(labelled(3, 0), { ...options, batchSize: 3, seed }),
        batches,
      );
    const orders =
      what === 'epochs' ? draw(1, 6000) : Array.from({ length: 6000 }, (_, seed) => draw(seed, 1)).flat();
    for (const order of orders) counts.set(order, (counts.get(order) ?? 0) + 1);
    expect(counts.size).toBe(6);
    for (const count of counts.values())
      expect(Math.abs(count / 6000 - 1 / 6)).toBeLessThan(tolerance(1 / 6, 6000));
  });

  const shuffledOrders = (sampling: Sampling<SideHeads>, batches: number) =>
    Array.from({ length: batches }, () =>
      sampling
        .next()
        .map(({ index }) => index)
        .join(''),
    );
});

describe('which task is drawn', () => {
  test('roundRobin takes them in turn: by example, or by batch', () => {
    const byExample = take(roundRobin<SideHeads>().start(labelled(7, 3), { ...options, batchSize: 3 }), 4);
    expect(byExample.map(({ index }) => index < 7)).toEqual(
      Array.from({ length: 12 }, (_, place) => place % 2 === 0),
    );
    const byBatch = roundRobin<SideHeads>({ per: 'batch' }).start(labelled(7, 3), options);
    for (let batch = 0; batch < 6; batch++) {
      expect(byBatch.next().every(({ index }) => index < 7 === (batch % 2 === 0))).toBe(true);
    }
  });

  const sizes = fc.tuple(fc.integer({ min: 1, max: 60 }), fc.integer({ min: 1, max: 60 }));
  const drawn = (make: () => Sampler<SideHeads>, expected: (sizes: [number, number]) => number) =>
    fc.assert(
      fc.property(sizes, fc.nat(), (own, seed) => {
        const p = expected(own);
        expect(Math.abs(partOfSide(make(), own, 300, { seed }) - p)).toBeLessThan(tolerance(p, 3000));
      }),
      { numRuns: 15, seed: 1 },
    );

  test('uniform: each as likely as the others', () => drawn(uniform, () => 1 / 2));
  test('proportional: by how many examples carry the label', () =>
    drawn(proportional, ([a, b]) => a / (a + b)));
  test('temperature: by a root of it', () =>
    drawn(
      () => temperature({ temperature: 3 }),
      ([a, b]) => Math.cbrt(a) / (Math.cbrt(a) + Math.cbrt(b)),
    ));

  test('temperature goes from proportional at 1 to uniform at infinity', () => {
    const part = (value: number) => partOfSide(temperature({ temperature: value }), [90, 10]);
    expect(part(1)).toBe(partOfSide(proportional(), [90, 10]));
    expect(part(1e9)).toBeCloseTo(0.5, 1);
    expect(() => temperature({ temperature: 0 })).toThrow(/temperature is 0; expected a number above 0/);
  });

  test('annealed begins proportional and ends at n^0.2', () => {
    const sampling = annealed<SideHeads>().start(labelled(90, 10), { ...options, stepsPerEpoch: 1000 });
    for (const alpha of [1, 0.8, 0.6, 0.4, 0.2, 0.2]) {
      const p = 90 ** alpha / (90 ** alpha + 10 ** alpha);
      const part = take(sampling, 1000).filter(({ index }) => index < 90).length / 10_000;
      expect(Math.abs(part - p)).toBeLessThan(tolerance(p, 10_000));
    }
    expect(partOfSide(annealed(), [90, 10], 1000, { epochs: 1 })).toBeCloseTo(0.9, 1);
  });

  const after = (sampler: Sampler<SideHeads>, losses: { side: number; distance: number }[]) => {
    const sampling = sampler.start(labelled(50, 50), options);
    for (const own of losses) sampling.observe(own);
    return take(sampling, 1000).filter(({ index }) => index < 50).length / 10_000;
  };

  test('byLoss draws by how much of the first loss is left, with a tenth uniform', () => {
    const stuck = Array.from({ length: 300 }, (_, step) => ({ side: 40, distance: step === 0 ? 4 : 1 }));
    const p = 0.05 + 0.9 * (1 / 1.25);
    expect(Math.abs(after(byLoss(), stuck) - p)).toBeLessThan(tolerance(p, 10_000));
    expect(Math.abs(after(byLoss(), []) - 0.5)).toBeLessThan(tolerance(0.5, 10_000));
    expect(() => after(byLoss(), [{ side: 1, distance: -1 }])).toThrow(/Task "distance": .* which is -1/);
  });

  test('byProgress draws what changes, for better or worse, with a tenth uniform', () => {
    const moving = (way: number) =>
      Array.from({ length: 50 }, (_, step) => ({ side: 2 + (way * step) / 50, distance: 3 }));
    for (const way of [1, -1]) {
      expect(Math.abs(after(byProgress(), moving(way)) - 0.95)).toBeLessThan(tolerance(0.95, 10_000));
    }
    expect(Math.abs(after(byProgress(), []) - 0.5)).toBeLessThan(tolerance(0.5, 10_000));
  });
});

describe('inside a task', () => {
  test('each example comes once before any comes again', () => {
    const draws = take(uniform<SideHeads>().start(labelled(7, 30), options), 20);
    const side = draws.filter(({ index }) => index < 7);
    for (let pass = 0; (pass + 1) * 7 <= side.length; pass++) {
      const own = side.slice(pass * 7, (pass + 1) * 7);
      expect(new Set(own.map(({ index }) => index)).size).toBe(7);
      expect(own.every(({ epoch }) => epoch === pass)).toBe(true);
    }
  });

  test('classes are balanced where a task says what they are', () => {
    const rare = (index: number) => Number(index === 0);
    const sampler = uniform<SideHeads>({ classOf: { side: (label) => label } });
    const draws = take(sampler.start(labelled(50, 50, rare), options), 1000);
    const [side, ofRare] = [(i: number) => i < 50, (i: number) => i === 0].map(
      (test) => draws.filter(({ index }) => test(index)).length,
    );
    expect(Math.abs(side / draws.length - 0.5)).toBeLessThan(tolerance(0.5, draws.length));
    expect(Math.abs(ofRare / side - 0.5)).toBeLessThan(tolerance(0.5, side));
  });

  test('an example with several labels can be drawn for each of its tasks', () => {
    const data = points(6, 1, (index) => index < 2);
    const indices = new Set(
      take(roundRobin<SideHeads>().start(data, { ...options, batchSize: 8 }), 10).map(({ index }) => index),
    );
    expect(indices.size).toBe(6);
  });
});

describe('the place in the order', () => {
  const balanced = { classOf: { side: (label: number) => label } };
  const all: [string, () => Sampler<SideHeads>][] = [
    ['shuffled', shuffled],
    ['temperature', () => temperature({ temperature: 2 })],
    ['byLength', byLength],
    ...Object.entries(samplers).flatMap(([name, make]): [string, () => Sampler<SideHeads>][] =>
      ['temperature', 'shuffled', 'byLength'].includes(name)
        ? []
        : (['example', 'batch'] as const).map((per) => [
            `${name} per ${per}`,
            () => (make as typeof uniform)({ per, ...balanced }),
          ]),
    ),
  ];
  const loss = (step: number): StepLosses<SideHeads> =>
    step % 3 === 0 ? { side: 2 + Math.sin(step) } : { side: 2 + Math.sin(step), distance: 1 / step };

  test.each(all)('%s goes on from a saved state as if nothing had happened', (_, make) => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 30 }), fc.nat(), (before, seed) => {
        const start = () => make().start(labelled(9, 23), { ...options, batchSize: 4, seed });
        const whole = start();
        const step = (sampling: Sampling<SideHeads>, count: number) => {
          const draws = sampling.next();
          sampling.observe(loss(count));
          return draws;
        };
        for (let count = 1; count <= before; count++) step(whole, count);
        const resumed = start();
        resumed.load(JSON.parse(JSON.stringify(whole.state())));
        for (let count = before + 1; count < before + 20; count++)
          expect(step(resumed, count)).toEqual(step(whole, count));
        expect(resumed.state()).toEqual(whole.state());
      }),
      { numRuns: 10 },
    );
  });

  test('another seed is another order', () => {
    const order = (seed: number) =>
      take(shuffled<SideHeads>().start(labelled(50, 0), { ...options, seed }), 5);
    expect(order(1)).toEqual(order(1));
    expect(order(1)).not.toEqual(order(2));
  });

  test('a state of something else is refused, and what differs is named', () => {
    const saved = uniform<SideHeads>().start(labelled(9, 23), options).state();
    const load = (sampler: Sampler<SideHeads>, data = labelled(9, 23), more = {}) =>
      sampler.start(data, { ...options, ...more }).load(saved);
    expect(() => load(uniform())).not.toThrow();
    expect(() => load(proportional())).toThrow(
      /sampler "uniform per example", but now it is "proportional per example"/,
    );
    expect(() => load(uniform(), undefined, { seed: 2 })).toThrow(/seed 1, but now it is 2/);
    expect(() => load(uniform(), undefined, { batchSize: 3 })).toThrow(/batchSize 10, but now it is 3/);
    expect(() => load(uniform(), labelled(9, 22))).toThrow(/sizes \[9,23\], but now it is \[9,22\]/);
  });
});

describe('what cannot be sampled is refused by name', () => {
  test('a task that the model lacks', () => {
    const sampler = uniform<SideHeads>({ classOf: { sied: () => 0 } as object });
    expect(() => sampler.start(labelled(2, 2), options)).toThrow(
      'The sampler names the task "sied", which the model lacks; its tasks are side, distance.',
    );
  });

  test('a task without an example', () => {
    expect(() => uniform<SideHeads>().start(labelled(2, 0), options)).toThrow(/Task "distance": no example/);
  });
});

describe('data', () => {
  const id = (from: number) => (index: number) => `picture ${from + index}`;

  test('one set a task becomes one for all', () => {
    const sets = { side: onlyTask(points(5, 1), 'side'), distance: onlyTask(points(3, 2), 'distance') };
    const joined = joinData<SideHeads>(sets);
    expect(joined.length).toBe(8);
    expect(joined.at(4)).toEqual({
      input: points(5, 1).at(4).input,
      labels: { side: points(5, 1).at(4).labels.side, distance: undefined },
    });
    expect(joined.at(5).labels).toEqual({ side: undefined, distance: points(3, 2).at(0).labels.distance });
    expect(joined.labels?.(7)).toEqual(joined.at(7).labels);
    expect(() => joinData<SideHeads>({ ...sets, side: { ...sets.side, length: 0 } })).toThrow(
      /learn task "side" from is empty/,
    );
  });

  test('labels are looked at without the examples, where data can do that', () => {
    const { length, at } = labelled(4, 4);
    let asked = 0;
    const data: DataOf<SideHeads> = {
      length,
      at(index) {
        asked++;
        return at(index);
      },
      labels: (index) => at(index).labels,
    };
    uniform<SideHeads>().start(data, options);
    expect(asked).toBe(0);
  });

  test('examples that are held out are refused among those to train on, by id', () => {
    const [train, test] = [
      { ...points(10, 1), id: id(0) },
      { ...points(10, 2), id: id(8) },
    ];
    expect(() => checkHeldOut(train, test, 'validate')).toThrow(
      '2 of the 10 examples to validate on are among those to train on, such as "picture 8", "picture 9".',
    );
    expect(() =>
      checkHeldOut(
        mapData(train, ({ input }) => input),
        test,
        'validate',
      ),
    ).toThrow(TrainerError);
    expect(() => checkHeldOut(train, { ...test, id: id(10) }, 'validate')).not.toThrow();
    expect(() => checkHeldOut(points(10, 1), test, 'validate')).not.toThrow();
    const joined = joinData<SideHeads>({
      side: onlyTask(test, 'side'),
      distance: onlyTask(points(3, 1), 'distance'),
    });
    expect(() => checkHeldOut(train, joined, 'validate')).toThrow(/^2 of the 13/);
  });
});

test('training takes its examples from the sampler', async () => {
  const train = (sampler: Sampler<SideHeads>) =>
    fit(own(compose()), {
      data: joinData({ side: onlyTask(points(40, 1), 'side'), distance: onlyTask(points(8, 2), 'distance') }),
      sampler,
      epochs: 2,
      batchSize: 8,
      optimizer: adamW(),
      schedule: constant(0.01),
      weighting: sum(),
      seed: 1,
    });
  const alternating = await train(roundRobin({ per: 'batch' }));
  expect(alternating.map(({ losses }) => Object.keys(losses))).toEqual(
    Array.from({ length: 12 }, (_, step) => [step % 2 === 0 ? 'side' : 'distance']),
  );
  const mixed = await train(byLoss({ classOf: { side: (label) => label } }));
  expect(mixed.filter(({ losses }) => Object.keys(losses).length === 2).length).toBeGreaterThan(10);

  const observed: StepLosses<SideHeads>[] = [];
  const records = await train({
    name: 'spy',
    start(data, sampling) {
      const own = shuffled<SideHeads>().start(data, sampling);
      return { ...own, observe: (losses) => observed.push(losses) };
    },
  });
  expect(observed).toEqual(records.map(({ losses }) => losses));
});

describe('batches by length', () => {
  const lengths = Array.from({ length: 103 }, (_, index) => 1 + ((index * 7) % 20));
  const start = (more = {}) =>
    byLength<SideHeads>((index) => lengths[index]).start(labelled(50, 53), {
      ...options,
      batchSize: 10,
      ...more,
    });
  const epoch = (sampling: ReturnType<typeof start>) => Array.from({ length: 11 }, () => sampling.next());

  test('see every example once an epoch, those of one length together', () => {
    const sampling = start();
    for (let count = 0; count < 3; count++) {
      const batches = epoch(sampling);
      const seen = batches.flat().map(({ index }) => index);
      expect(new Set(seen).size).toBe(103);
      expect(seen.length).toBeLessThanOrEqual(110);
      for (const batch of batches) {
        expect(batch).toHaveLength(10);
        expect(batch.every((draw) => draw.epoch === count)).toBe(true);
        const own = batch.map(({ index }) => lengths[index]);
        expect(Math.max(...own) - Math.min(...own)).toBeLessThanOrEqual(3);
      }
    }
  });

  test('come in another order every epoch', () => {
    const sampling = start();
    const [first, second] = [epoch(sampling), epoch(sampling)].map((batches) =>
      batches.flat().map(({ index }) => index),
    );
    expect(first).not.toEqual(second);
    expect(first.map((index) => lengths[index])).not.toEqual(
      first.map((index) => lengths[index]).sort((a, b) => a - b),
    );
  });
});
