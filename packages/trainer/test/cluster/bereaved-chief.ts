/** A chief whose parameter server is killed: tells when it has nothing more to do, and ends, with `exit` by itself. */
import * as engine from '@espalier/engine';
import { ClusterError } from '@espalier/engine';
import { connect } from '@espalier/engine/cluster';
import { fit } from '@espalier/trainer';
import { compose, options } from './problem.js';

const [, , file, server, way] = process.argv;
await engine.use('native');
const cluster = await connect({ file, deadlineSeconds: 20, onEvent: () => undefined });
const attempt = fit(compose(), {
  ...options(),
  cluster,
  onStep: ({ step }) => void (step === 3 && process.kill(Number(server), 'SIGKILL')),
});
await attempt.catch((error) => {
  if (!(error instanceof ClusterError)) throw error;
  process.exitCode = 3;
});
cluster.close();
console.log(Date.now());
if (way === 'exit') process.exit();
