import * as tf from '@tensorflow/tfjs-core';
import { type Addon, loadAddon, type SessionHandle, valuesFor } from '../addon.js';
import { ClusterError } from '../errors.js';
import { type DataType, dataTypeOf, dataTypes, type HostValues } from '../program/binding.js';
import type { NamedTensors } from '../program/entry.js';
import { encodeGraph, type GraphNode } from '../program/saved-model.js';
import { addon as addonVersion } from '../versions.js';
import { addressToListenOn } from './address.js';
import { type Description, encode, type Hello, protocol } from './messages.js';
import { type BatchPlace, cpuOf, DeviceGraph, examplesVariable, uint8 } from './nodes.js';
import { configProto, runOptions, serverDef } from './protos.js';
import { type ClusterSpec, describeTask, type Task, taskName } from './spec.js';

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
  const open = (nodes: readonly GraphNode[]): SessionHandle =>
    addon.openSession(encodeGraph(nodes), target, configProto({ devices: [taskName(task)], deadline: 0 }));
  const greeting = open(graph.nodes);
  const hello: Hello = {
    protocol,
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

  const reader = examples && new Reader(addon, task, open, examples, hello.id);
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
  private session: { readonly key: string; readonly handle: SessionHandle } | undefined;

  constructor(
    private readonly addon: Addon,
    private readonly task: Task,
    private readonly open: (nodes: readonly GraphNode[]) => SessionHandle,
    private readonly examples: Examples,
    private readonly id: string,
  ) {}

  async run(): Promise<never> {
    let request = await this.exchange([], []);
    for (;;) request = await this.answer(request);
  }

  async close(): Promise<void> {
    if (this.session !== undefined) await this.addon.closeSession(this.session.handle);
  }

  /** @returns the next request. */
  private async answer(request: Int32Array): Promise<Int32Array> {
    const [chief, turn, into, ...asked] = request;
    const tag = `${chief}:${turn}`;
    const place = into as BatchPlace;
    let found: WorkerExamples;
    try {
      found = await this.examples.read(Int32Array.from(asked));
    } catch (error) {
      return this.say({ tag, error: error instanceof Error ? error.message : String(error) }, place, []);
    }
    try {
      const tensors = Object.entries(found.tensors).map(([name, tensor]) => {
        const dtype = dataTypeOf(tensor);
        return { name, dtype, shape: tensor.shape, values: valuesFor(dtype, tensor.dataSync()) };
      });
      const described = tensors.map(({ name, dtype, shape }) => ({ name, dtype, shape }));
      const description = { tag, id: this.id, place, tensors: described, counts: found.counts };
      // Without `await`: what is fed has been copied then.
      return this.say(description, place, tensors);
    } finally {
      tf.dispose(found.tensors);
    }
  }

  private say(
    description: Description,
    place: BatchPlace,
    tensors: readonly (Named & { readonly shape: readonly number[]; readonly values: HostValues })[],
  ): Promise<Int32Array> {
    const bytes = encode(description);
    const values = tensors.map(
      ({ name, dtype, shape, values }) =>
        [`${place}/${examplesVariable(name, place)}/value`, dtype, shape, values] as const,
    );
    const said = [`${place}/descriptions/value`, uint8, [bytes.length], bytes] as const;
    return this.exchange(tensors, [...values, said], `${place}/descriptions/enqueue`);
  }

  /** Says something, and waits for the next request, in one run: each takes a part of a millisecond. */
  private async exchange(
    tensors: readonly Named[],
    feeds: Parameters<Addon['run']>[1],
    ...targets: string[]
  ): Promise<Int32Array> {
    const session = this.sessionFor(tensors);
    const [request] = await this.addon.run(
      session,
      feeds,
      ['requests/dequeue'],
      targets,
      runOptions(undefined),
    );
    return new Int32Array(request!.data);
  }

  /** With variables for tensors of these names, in both places. */
  private sessionFor(tensors: readonly Named[]): SessionHandle {
    const key = JSON.stringify(tensors.map(({ name, dtype }) => [name, dtype]));
    if (this.session?.key === key) return this.session.handle;
    const device = cpuOf(this.task);
    const requests = new DeviceGraph(device);
    requests.dequeue('requests', dataTypes.int32);
    const answers = ([0, 1] as const).map((place) => {
      const graph = new DeviceGraph(device, `${place}/`);
      const assigned = tensors.map(({ name, dtype }) => graph.assign(examplesVariable(name, place), dtype));
      graph.enqueue('descriptions', uint8, assigned);
      return graph;
    });
    this.close().catch(() => undefined);
    this.session = { key, handle: this.open([requests, ...answers].flatMap(({ nodes }) => nodes)) };
    return this.session.handle;
  }
}

interface Named {
  readonly name: string;
  readonly dtype: DataType;
}
