import * as tf from '@tensorflow/tfjs-core';
import { expect, test } from 'vitest';
import { ClusterRunner } from '../src/cluster/cluster-runner.js';
import type { ClusterSession } from '../src/cluster/cluster-session.js';
import { WorkerBatch } from '../src/cluster/worker-batch.js';
import { overWorkers, program, use } from '../src/index.js';
import { dataTypes } from '../src/program/binding.js';
import { type GraphNode, nodeOf } from '../src/program/saved-model.js';
import { isNativeInstalled } from './native-installed.js';

const isInstalled = await isNativeInstalled();

/** A cluster of two servers and two workers that runs nothing: what it is given to run is kept. */
function recordingCluster() {
  const sessions: { readonly nodes: readonly GraphNode[]; readonly workers: readonly number[] }[] = [];
  const host = {
    servers: 2,
    workers: 2,
    isLost: false,
    generation: 1,
    open(nodes: readonly GraphNode[], workers: readonly number[] = [0, 1]) {
      sessions.push({ nodes, workers });
      const session: Pick<ClusterSession, 'run' | 'write' | 'start' | 'close'> = {
        run: () => [],
        write: () => undefined,
        start: async () => undefined,
        close: () => undefined,
      };
      return session as ClusterSession;
    },
  };
  return {
    sessions,
    runner: (options: ConstructorParameters<typeof ClusterRunner>[1]) => new ClusterRunner(host, options),
  };
}

/** Two layers of one size, and a step of gradient descent on what workers sum. */
function training(cluster: ReturnType<typeof recordingCluster>) {
  const weights = [6, 6].map((size) => tf.variable(tf.ones([size, size])));
  const sums = weights.map((weight) => tf.variable(tf.zerosLike(weight), false));
  return program({
    state: [...weights, ...sums],
    cluster,
    entries: {
      gradients({ x, share }: { x: tf.Tensor2D; share: tf.Scalar }) {
        const { grads } = tf.variableGrads(() => {
          const hidden = tf.tanh(tf.matMul(x, weights[0] as tf.Tensor2D));
          return tf.mean(tf.matMul(hidden, weights[1] as tf.Tensor2D));
        }, weights);
        for (const [place, weight] of weights.entries()) {
          sums[place]!.assign(overWorkers(grads[weight.name]!, share));
        }
        return {};
      },
      apply({ rate }: { rate: tf.Scalar }) {
        for (const [place, weight] of weights.entries()) {
          weight.assign(tf.sub(weight, tf.mul(sums[place]!, rate)));
        }
        return {};
      },
    },
  });
}

function batchOf(...workers: number[]): { x: tf.Tensor2D; share: tf.Scalar } {
  const described = workers.map((worker) => {
    const tensors = [{ name: 'x', dtype: dataTypes.float32, shape: [4, 6] }];
    return [worker, { tag: `${worker}`, id: '', place: 0, tensors, counts: {} }] as const;
  });
  const batch = new WorkerBatch(new Map(described));
  return { x: batch.tensors.x as tf.Tensor2D, share: batch.perWorker(workers.map(() => 0.5)) };
}

function expectPlaced(nodes: readonly GraphNode[]) {
  const byName = new Map(nodes.map((node) => [node.name, node]));
  for (const { name, device, inputs } of nodes) {
    expect(device, name).toMatch(/^\/job:(ps|worker)\/replica:0\/task:[01]/);
    for (const input of inputs.map(nodeOf)) {
      const source = byName.get(input);
      expect(source, `${input} of ${name}`).toBeDefined();
      // A variable can be used where it is, and nowhere else.
      if (source!.op === 'VarHandleOp') expect(device, `${name}, which uses ${input}`).toBe(source!.device);
    }
  }
}

const server = (index: number) => `/job:ps/replica:0/task:${index}/device:CPU:0`;

test.skipIf(!isInstalled)(
  'every node of a program on a cluster is where its variable, its sum or its examples are',
  async () => {
    await use('native');
    const cluster = recordingCluster();
    const trained = training(cluster);
    const { entries } = trained;
    const both = batchOf(0, 1);
    entries.gradients(both);
    entries.apply({ rate: tf.scalar(0.1) });
    entries.gradients(both);
    const { nodes } = cluster.sessions.at(-1)!;
    expectPlaced(nodes);

    const handles = nodes.filter(({ name }) => /^state\d$/.test(name));
    // A weight and its gradient are together, and the two weights are not.
    expect(handles.map(({ device }) => device)).toEqual([0, 1, 0, 1].map(server));
    const sums = nodes.filter(({ op }) => op === 'AddN');
    expect(sums.map(({ device }) => device).sort()).toEqual([0, 1].map(server));
    const products = nodes.filter(({ op }) => op === 'MatMul');
    expect(products.length).toBeGreaterThan(0);
    for (const { name, device } of products) {
      const worker = /\/worker(\d)\//.exec(name)![1];
      expect(device).toBe(`/job:worker/replica:0/task:${worker}`);
    }

    const one = batchOf(1);
    await trained.ahead('gradients', one);
    const first = cluster.sessions.at(-1)!;
    expect(first.workers).toEqual([1]);
    expectPlaced(first.nodes);
    entries.gradients(one);
    const second = cluster.sessions.findLast(({ workers }) => workers.length === 2)!;
    expectPlaced(second.nodes);
    // What a worker leaves on a server is added up there.
    const left = first.nodes.filter(({ name, op }) => op === 'VarHandleOp' && /sum\d\/worker1$/.test(name));
    expect(left.map(({ device }) => device).sort()).toEqual([0, 1].map(server));
    const found = new Map(second.nodes.map(({ name, device }) => [name, device]));
    for (const { name, device } of left) {
      expect(found.get(name)).toBe(device);
      expect(found.get(name.replace(/\/worker1$/, ''))).toBe(device);
    }
  },
);
