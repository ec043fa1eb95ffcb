import * as tf from '@tensorflow/tfjs-core';
import { type Addon, loadAddon, type SessionHandle, valuesFor } from '../addon.js';
import { ClusterError } from '../errors.js';
import { type DataType, dataTypeOf, dataTypes } from '../program/binding.js';
import type { NamedTensors } from '../program/entry.js';
import { encodeGraph } from '../program/saved-model.js';
import { addon as addonVersion } from '../versions.js';
import { addressToListenOn } from './address.js';
import { type Description, encode, type Hello } from './messages.js';
import { cpuOf, DeviceGraph, examplesVariable, uint8 } from './nodes.js';
import { configProto, runOptions, serverDef } from './protos.js';
import { type ClusterSpec, describeTask, taskName } from './spec.js';

/** Where a worker gets its part of a batch from. */
export interface Examples {
  /** What the chief's must be equal to: the network that they are for, and how many there are. */
  readonly fingerprint: string;
  /** The examples of a request, which is the chief's. Whoever asks disposes of the tensors. */
  read(request: Int32Array): WorkerExamples | Promise<WorkerExamples>;
}

/** A worker's part of a batch. */
export interface WorkerExamples {
  readonly tensors: NamedTensors;
  /** What the chief has to know of them: how many there are, with which labels. */
  readonly counts: Readonly<Record<string, number>>;
}

export interface ServeOptions {
  /** Whether the server may listen on an address of a private network. */
  readonly trusted: boolean;
  /** What a worker reads. */
  readonly examples?: Examples | undefined;
}

/**
 * Runs the server of this process's task, and a worker's reading: until the process ends.
 *
 * @returns when it can be reached; `stopped` rejects where it cannot go on.
 * @throws ClusterError where the task has no server, or its address will not do.
 */
export async function serve(
  spec: ClusterSpec,
  { trusted, examples }: ServeOptions,
): Promise<{ readonly machine: string; readonly stopped: Promise<never>; close(): Promise<void> }> {
  const { task } = spec;
  if (task === undefined || task.job === 'chief') {
    throw new ClusterError(
      'the chief has no server: it is the training program. Give the task of this machine, such as worker:0.',
    );
  }
  const machine = describeTask(spec, task);
  if (task.job === 'worker' && examples === undefined) {
    throw new ClusterError(
      `${machine}: a worker reads its own examples. Name the module that has them with --examples.`,
    );
  }
  const addon = loadAddon();
  const address = await addressToListenOn(machine, spec.jobs[task.job][task.index]!, trusted);
  const target = startServer(addon, machine, serverDef(spec, task), address);
  const graph = new DeviceGraph(cpuOf(task));
  const assign = graph.assign('hello', uint8);
  const open = (nodes: DeviceGraph): SessionHandle =>
    addon.openSession(
      encodeGraph(nodes.nodes),
      target,
      configProto({ devices: [taskName(task)], deadline: 0 }),
    );
  const greeting = open(graph);
  const hello: Hello = {
    tensorflow: addon.version(),
    addon: addonVersion,
    cluster: JSON.stringify(spec.jobs),
    id: crypto.randomUUID(),
    ...(examples !== undefined && { examples: examples.fingerprint }),
  };
  const bytes = encode(hello);
  await addon.run(
    greeting,
    [['hello/value', uint8, [bytes.length], bytes]],
    [],
    [assign],
    runOptions(10_000),
  );

  const reader =
    examples === undefined
      ? undefined
      : new Reader(addon, () => new DeviceGraph(cpuOf(task)), open, examples, hello.id);
  return {
    machine,
    stopped: reader === undefined ? forEver() : reader.run(),
    close: () => reader?.close() ?? Promise.resolve(),
  };
}

/** A server has threads of its own: without a timer, Node would have nothing more to do, and end. */
function forEver(): Promise<never> {
  return new Promise(() => setInterval(() => undefined, 2 ** 30));
}

function startServer(addon: Addon, machine: string, definition: Uint8Array, address: string): string {
  try {
    return addon.startServer(definition, address);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new ClusterError(`${machine}: its server does not start: ${reason}.`, { cause });
  }
}

/** Answers the chief's requests: puts the examples into this worker's variables, and says what is in them. */
class Reader {
  private readonly queues: SessionHandle;
  private variables: { readonly key: string; readonly session: SessionHandle } | undefined;

  constructor(
    private readonly addon: Addon,
    private readonly graph: () => DeviceGraph,
    private readonly open: (graph: DeviceGraph) => SessionHandle,
    private readonly examples: Examples,
    private readonly id: string,
  ) {
    const queues = graph();
    queues.dequeue('requests', dataTypes.int32);
    queues.enqueue('descriptions', uint8);
    this.queues = open(queues);
  }

  async run(): Promise<never> {
    const { addon, queues } = this;
    for (;;) {
      const [request] = await addon.run(queues, [], ['requests/dequeue'], [], runOptions(undefined));
      const [chief, turn, ...rest] = new Int32Array(request!.data);
      const bytes = encode(await this.answer(`${chief}:${turn}`, Int32Array.from(rest)));
      await addon.run(
        queues,
        [['descriptions/value', uint8, [bytes.length], bytes]],
        [],
        ['descriptions/enqueue'],
        runOptions(undefined),
      );
    }
  }

  async close(): Promise<void> {
    await this.addon.closeSession(this.queues);
  }

  private async answer(tag: string, request: Int32Array): Promise<Description> {
    let found: WorkerExamples;
    try {
      found = await this.examples.read(request);
    } catch (error) {
      return { tag, error: error instanceof Error ? error.message : String(error) };
    }
    try {
      const tensors = Object.entries(found.tensors).map(([name, tensor]) => {
        const dtype = dataTypeOf(tensor);
        return { name, dtype, shape: tensor.shape, values: valuesFor(dtype, tensor.dataSync()) };
      });
      const { addon } = this;
      const feeds = tensors.map(
        ({ name, dtype, shape, values }) =>
          [`${examplesVariable(name)}/value`, dtype, shape, values] as const,
      );
      const targets = tensors.map(({ name }) => `${examplesVariable(name)}/assign`);
      await addon.run(this.sessionFor(tensors), feeds, [], targets, runOptions(undefined));
      const described = tensors.map(({ name, dtype, shape }) => ({ name, dtype, shape }));
      return { tag, id: this.id, tensors: described, counts: found.counts };
    } finally {
      tf.dispose(found.tensors);
    }
  }

  /** A session with a variable a tensor. */
  private sessionFor(tensors: readonly { name: string; dtype: DataType }[]): SessionHandle {
    const key = JSON.stringify(tensors.map(({ name, dtype }) => [name, dtype]));
    if (this.variables?.key !== key) {
      const graph = this.graph();
      for (const { name, dtype } of tensors) graph.assign(examplesVariable(name), dtype);
      this.variables = { key, session: this.open(graph) };
    }
    return this.variables.session;
  }
}
