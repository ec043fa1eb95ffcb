/** A chief on a host of its own: trains by every method, and prints the losses. */
import * as engine from '@espalier/engine';
import { connect } from '@espalier/engine/cluster';
import { fit } from '@espalier/trainer';
import { compose, methods, options } from './problem.js';

await engine.use('native');
const found = [];
for (const [, , method] of methods) {
  const cluster = await connect({ file: process.argv[2] });
  found.push(await fit(compose(), { ...options(), ...method, cluster }));
  cluster.close();
}
process.stdout.write(`${JSON.stringify(found)}\n`);
process.exit(0);
