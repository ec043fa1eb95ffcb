import * as engine from '@espalier/engine';
import { fit } from '@espalier/trainer';
import { afterAll, expect, inject, test } from 'vitest';
import { Machines } from './cluster/machines.js';
import { Network } from './cluster/network.js';
import { compose, farthest, methods, options } from './cluster/problem.js';
import { own } from './own.js';

const isTurn = inject('engine') === 'wasm';
let network: Network | undefined;
try {
  if (isTurn) {
    await engine.use('native');
    network = Network.create(['chief:0', 'ps:0', 'worker:0', 'worker:1']);
  }
} catch (error) {
  console.warn(`Clusters of several hosts are not tested: ${error instanceof Error ? error.message : error}`);
}
afterAll(() => network?.delete());

test.skipIf(network === undefined)(
  'chief, parameter server and workers on hosts of their own give the losses of one machine',
  { timeout: 300_000 },
  async () => {
    const machines = await Machines.prepareOn(network!);
    try {
      await machines.startAll();
      const found = await machines.chief();
      expect(found).toHaveLength(methods.length);
      for (const [place, [name, tolerance, method]] of methods.entries()) {
        const alone = await fit(own(compose()), { ...options(), ...method });
        expect(found[place]).toHaveLength(50);
        const worst = farthest(found[place], alone);
        console.info(name, worst);
        expect(worst, name).toBeLessThan(tolerance);
      }
    } finally {
      await machines.stop();
    }
  },
);
