/** What a worker of `pnpm bench cluster` serves: a request is how many examples. */
import type { Examples } from '@espalier/engine/cluster';
import * as tf from '@tensorflow/tfjs-core';
import { examplesOf, type Problem } from './cluster-problem.js';

const problem = JSON.parse(process.env.CLUSTER_PROBLEM ?? '{}') as Problem;
const known = new Map<number, Record<string, tf.Tensor>>();

export default {
  fingerprint: JSON.stringify(problem),
  read(request) {
    const count = request[0]!;
    const examples = known.get(count) ?? examplesOf(problem, count);
    known.set(count, examples);
    const tensors = Object.entries(examples).map(([name, tensor]) => [name, tf.clone(tensor)]);
    return { tensors: Object.fromEntries(tensors), counts: { examples: count } };
  },
} satisfies Examples;
