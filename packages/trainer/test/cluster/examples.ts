/** What the workers of the tests serve: `espalier-engine serve --examples examples.js`. */
import { appendFileSync } from 'node:fs';
import { workerExamples } from '@espalier/trainer';
import { composeLinear, linearData } from './linear-problem.js';
import { compose, data } from './problem.js';

const { READ_LOG: log, SLOW_MS: slow, PROBLEM: problem } = process.env;
const examples =
  problem === 'linear' ? workerExamples(composeLinear(), linearData) : workerExamples(compose(), data);

export default {
  ...examples,
  async read(request: Int32Array) {
    if (log !== undefined) appendFileSync(log, `${process.pid} ${[...request].join(' ')}\n`);
    if (slow !== undefined) await new Promise((resolve) => setTimeout(resolve, Number(slow)));
    return examples.read(request);
  },
};
