import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  bytesOf,
  type Constants,
  constantsFrom,
  type Load,
  type Network,
  onNetwork,
  onOneMachine,
  overhead,
  rateOf,
  saturation,
} from '../src/cluster-model.js';
import { simulatedStep } from '../src/cluster-simulation.js';
import { normals } from '../src/numbers.js';

const sizes = fc.record({
  shared: fc.integer({ min: 1, max: 1e8 }),
  heads: fc.integer({ min: 0, max: 1e6 }),
  gradients: fc.integer({ min: 1, max: 20 }),
});
const constants: fc.Arbitrary<Constants> = fc.record({
  step: fc.double({ min: 0, max: 10, noNaN: true }),
  worker: fc.double({ min: 1, max: 2, noNaN: true }),
  central: fc.double({ min: 0, max: 1, noNaN: true }),
  byte: fc.double({ min: 1e-8, max: 1e-5, noNaN: true }),
});
const networks: fc.Arbitrary<Network> = fc.record({
  workers: fc.integer({ min: 1, max: 200 }),
  servers: fc.integer({ min: 1, max: 50 }),
  rate: fc.double({ min: 1e3, max: 1e7, noNaN: true }),
  latency: fc.double({ min: 0, max: 100, noNaN: true }),
});
const loads = (spread: fc.Arbitrary<number>): fc.Arbitrary<Load> =>
  fc.record({ size: sizes, compute: fc.double({ min: 0.1, max: 1e4, noNaN: true }), spread });

test('a task more, seen by its own gradient, adds the gradient of the shared weights to what a worker sends', () => {
  expect(bytesOf({ shared: 1000, heads: 10, gradients: 1 })).toEqual({ down: 4040, up: 4040 });
  expect(bytesOf({ shared: 1000, heads: 10, gradients: 2 })).toEqual({ down: 4040, up: 8040 });
});

test('steps by the model give its constants back', () => {
  fc.assert(
    fc.property(constants, (known) => {
      const rows = (shared: number) =>
        [1, 2, 4].map((workers) => {
          const row = { workers, local: 3, size: { shared, heads: 0, gradients: 1 } };
          return { ...row, ms: onOneMachine(known, row), centralCpu: 1 + workers * known.central };
        });
      const found = constantsFrom(rows(1000), rows(2_000_000));
      expect(found.byte / known.byte).toBeCloseTo(1, 6);
      expect(found.worker).toBeCloseTo(known.worker, 6);
      expect(found.central).toBeCloseTo(known.central, 6);
      expect(found.step).toBeCloseTo(known.step, 6);
    }),
  );
});

test('a simulated step without chance takes no less than its longest part, and no more than all parts after each other', () => {
  fc.assert(
    fc.property(networks, loads(fc.constant(0)), constants, (network, load, known) => {
      const found = simulatedStep(network, load, known, () => 0);
      const whole = onNetwork(network, load, known);
      const { down, up } = bytesOf(load.size);
      const busiest = (Math.max(network.workers / network.servers, 1) * up) / rateOf(network, known);
      const alone = load.compute + (down + up) / rateOf(network, known);
      const rest = overhead(network.workers, known) + 2 * network.latency;
      expect(found).toBeLessThanOrEqual(whole * (1 + 1e-9));
      expect(found).toBeGreaterThanOrEqual((rest + Math.max(busiest, alone)) * (1 - 1e-9));
    }),
  );
});

test('waiting for the slowest of many workers costs what is expected of normal numbers', () => {
  // Nothing goes over the network, so that a step is as long as the slowest of 100 computes.
  const network = { workers: 100, servers: 1, rate: Number.MAX_VALUE, latency: 0 };
  const load = { size: { shared: 0, heads: 0, gradients: 1 }, compute: 1, spread: 0.1 };
  const normal = normals(3);
  const steps = Array.from({ length: 2000 }, () =>
    simulatedStep(network, load, { step: 0, worker: 0, central: 0, byte: 0 }, normal),
  );
  const mean = steps.reduce((sum, ms) => sum + ms, 0) / steps.length;
  // The largest of 100 standard normals is 2.5076 on average (H. L. Harter, "Expected Values of Normal Order Statistics",
  // Biometrika 48, 1961, table 1).
  expect(mean).toBeCloseTo(Math.exp(0.1 * 2.5076 - 0.1 ** 2 / 2), 2);
});

test('at saturation, links of the parameter servers are busy for as long as a worker computes', () => {
  fc.assert(
    fc.property(networks, loads(fc.constant(0.1)), constants, (network, load, known) => {
      const workers = saturation(network, load, known);
      const { down, up } = bytesOf(load.size);
      const busy = (workers / network.servers) * ((down + up) / rateOf(network, known));
      expect(busy / load.compute).toBeCloseTo(1, 9);
    }),
  );
});
