import * as engine from '@espalier/engine';
import { connect } from '@espalier/engine/cluster';
import { aggregators, sum } from '@espalier/losses';
import { adam, constant, type FitOptions, fit, sgd } from '@espalier/trainer';
import * as tf from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { Machines } from './cluster/machines.js';
import { compose, data } from './cluster/problem.js';
import { own } from './own.js';
import type { SideHeads } from './small-task.js';

const missing = await engine.use('native').then(
  () => undefined,
  (error: Error) => error.message,
);
if (missing !== undefined) console.warn(`Clusters are not tested: ${missing}`);

const options = () => ({
  data,
  epochs: 10,
  // Five steps an epoch, of which the last has less than the others.
  batchSize: 13,
  schedule: constant(0.05),
  optimizer: sgd(),
  weighting: sum(),
  seed: 3,
});

describe.skipIf(missing !== undefined || inject('engine') !== 'wasm')('a cluster', () => {
  let machines: Machines;
  beforeAll(async () => {
    machines = await Machines.prepare(2);
    await machines.startAll();
  }, 60_000);
  afterAll(() => machines.stop());

  test.each<[string, number, Partial<FitOptions<SideHeads>>]>([
    ['SGD, the sum', 1e-5, {}],
    ['Adam, the sum', 1e-4, { optimizer: adam(), schedule: constant(0.01) }],
    ['SGD, UPGrad', 1e-5, { aggregator: aggregators.upGrad() }],
    ['Adam, UPGrad', 1e-4, { optimizer: adam(), schedule: constant(0.01), aggregator: aggregators.upGrad() }],
  ])('gives the losses of one machine with the whole batch: %s', async (_, tolerance, method) => {
    const alone = await fit(own(compose()), { ...options(), ...method });
    const cluster = await connect({ file: machines.file });
    const before = tf.memory().numTensors;
    const counts: number[] = [];
    const model = own(compose());
    const together = await fit(model, {
      ...options(),
      ...method,
      cluster,
      onStep: () => counts.push(tf.memory().numTensors),
    });
    cluster.close();
    expect(together).toHaveLength(50);
    let worst = 0;
    for (const [index, { losses }] of together.entries()) {
      for (const task of ['side', 'distance'] as const) {
        worst = Math.max(worst, Math.abs(losses[task]! - alone[index].losses[task]!));
      }
    }
    console.info(_, worst);
    expect(worst).toBeLessThan(tolerance);
    expect(together.at(-1)!.losses.distance).toBeLessThan(0.5 * together[0].losses.distance!);
    expect(new Set(counts.slice(20)).size).toBe(1);
    expect(tf.memory().numTensors).toBe(before + model.weights.size);
  });
});
