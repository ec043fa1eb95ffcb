/** Building the measurements of packages/bench, and running one where the caller stands. */
import { join } from 'node:path';
import { Refusal } from './main.mjs';
import { build, install } from './prepare.mjs';
import { attached } from './run.mjs';
import { root } from './workspace.mjs';

/** One is packages/bench/src/<name>.ts, and in that package's exports. */
const benches = {
  cluster: 'training steps on a cluster of 1, 2 and 4 workers, and the bytes on the wire',
  engine: 'training steps on every engine, beside PyTorch, TorchJD and Keras',
  losses: 'weights from a Gramian, beside TorchJD',
  nlp: 'a tagging step beside PyTorch, padding of batches, and beam search',
  serve: 'espalier serve with the digits model: latency, bad requests, memory',
  sharing: 'what a further task costs in hard sharing, by traced training steps',
  trainer: 'what watching, keeping and going on with a training cost',
  vision: "from a network's outputs to objects: suppression, grouping, merging",
};

export function describeBenches() {
  const width = Math.max(...Object.keys(benches).map((name) => name.length));
  const lines = Object.entries(benches).map(
    ([name, description]) => `  ${name.padEnd(width)}  ${description}`,
  );
  return `Measurements:\n${lines.join('\n')}`;
}

export async function runBench(name, args) {
  if (!Object.hasOwn(benches, name)) {
    throw new Refusal(`There is no measurement ${JSON.stringify(name)}.\n\n${describeBenches()}`, 2);
  }
  return runBuilt(name, args);
}

/** Runs a program of packages/bench. */
export async function runBuilt(name, args) {
  await install();
  await build(['@espalier/bench...'], { ESPALIER_WITHOUT_TYPES: '1' });
  return attached(
    [process.execPath, '--expose-gc', join(root, 'packages/bench/dist', `${name}.js`), ...args],
    {
      cwd: process.env.INIT_CWD ?? process.cwd(),
    },
  );
}
