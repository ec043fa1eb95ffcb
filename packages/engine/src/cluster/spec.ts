import { ClusterError } from '../errors.js';

/** One process of a cluster. */
export interface Task {
  readonly job: 'chief' | 'ps' | 'worker';
  readonly index: number;
}

/** The machines of a cluster: the addresses, `host:port`, of each job's tasks. */
export interface ClusterSpec {
  readonly jobs: {
    readonly chief: readonly string[];
    readonly ps: readonly string[];
    readonly worker: readonly string[];
  };
  /** Which of them this process is, where that is said. */
  readonly task: Task | undefined;
}

const jobs = ['chief', 'ps', 'worker'] as const;

/**
 * Reads a cluster from a file, or from the variable `TF_CONFIG` that the ecosystem's tools set:
 * `{"cluster": {"chief": ["a:2222"], "ps": ["b:2222"], "worker": ["c:2222"]}, "task": {"type": "ps", "index": 0}}`.
 *
 * @throws ClusterError naming what is missing, twice there or not to be understood.
 */
export function readSpec(file?: string): ClusterSpec {
  const source = file ?? 'TF_CONFIG';
  const { cluster, task }: { cluster?: unknown; task?: unknown } = parse(source, textOf(file));
  if (typeof cluster !== 'object' || cluster === null) {
    throw new ClusterError(
      `${source}: there is no "cluster", an object with lists of addresses for ${jobs.join(', ')}.`,
    );
  }
  const unknown = Object.keys(cluster).find((job) => !jobs.some((known) => known === job));
  if (unknown !== undefined) {
    throw new ClusterError(`${source}: there is no job "${unknown}"; the jobs are ${jobs.join(', ')}.`);
  }
  const addresses = (job: (typeof jobs)[number]) =>
    addressList(source, job, (cluster as Record<string, unknown>)[job]);
  const spec = { chief: addresses('chief'), ps: addresses('ps'), worker: addresses('worker') };
  if (spec.chief.length !== 1) {
    throw new ClusterError(
      `${source}: it names ${spec.chief.length === 0 ? 'no chief' : `${spec.chief.length} chiefs`}; a cluster has one: "chief": ["host:2222"].`,
    );
  }
  for (const job of ['ps', 'worker'] as const) {
    if (spec[job].length === 0) {
      throw new ClusterError(
        `${source}: it names no ${job === 'ps' ? 'parameter server' : 'worker'}; give "${job}": ["host:2222"].`,
      );
    }
  }
  const all = jobs.flatMap((job) =>
    spec[job].map((address, index) => ({ address, name: taskName({ job, index }) })),
  );
  for (const [place, { address, name }] of all.entries()) {
    const other = all.slice(0, place).find((before) => before.address === address);
    if (other !== undefined) {
      throw new ClusterError(
        `${source}: ${other.name} and ${name} have the same address, ${address}. Give each its own.`,
      );
    }
  }
  return { jobs: spec, task: task === undefined ? undefined : taskOf(source, task, spec) };
}

export function taskName({ job, index }: Task): string {
  return `/job:${job}/task:${index}`;
}

/** The task and its address, for people. */
export function describeTask(spec: ClusterSpec, task: Task): string {
  return `${taskName(task)} (${spec.jobs[task.job][task.index]})`;
}

/** `worker:1`. */
export function parseTask(text: string, { jobs }: ClusterSpec): Task {
  const [type, index] = text.split(':');
  return taskOf('--task', { type, index: Number(index) }, jobs);
}

function textOf(file: string | undefined): string {
  const { TF_CONFIG }: { TF_CONFIG?: string | undefined } = process.env;
  if (file === undefined) {
    if (TF_CONFIG) return TF_CONFIG;
    throw new ClusterError('there is no cluster: set the variable TF_CONFIG, or name a file.');
  }
  const { readFileSync } = process.getBuiltinModule('node:fs');
  try {
    return readFileSync(file, 'utf8');
  } catch (cause) {
    throw new ClusterError(
      `${file}: it cannot be read: ${cause instanceof Error ? cause.message : cause}. Name a file with the cluster in the ` +
        'form of TF_CONFIG.',
      { cause },
    );
  }
}

function parse(source: string, text: string): object {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null) return value;
  } catch (cause) {
    throw new ClusterError(`${source}: it is no JSON: ${cause instanceof Error ? cause.message : cause}`, {
      cause,
    });
  }
  throw new ClusterError(`${source}: it is no JSON object.`);
}

function addressList(source: string, job: string, list: unknown): readonly string[] {
  if (list === undefined) return [];
  const problem = (found: unknown) =>
    new ClusterError(
      `${source}: "${job}" must be a list of addresses such as "10.0.0.2:2222", found ${JSON.stringify(found)}.`,
    );
  if (!Array.isArray(list)) throw problem(list);
  return list.map((address: unknown) => {
    const port = typeof address === 'string' ? /^[\w.-]+:(\d{1,5})$/.exec(address)?.[1] : undefined;
    if (port === undefined || Number(port) < 1 || Number(port) > 65535) throw problem(address);
    return String(address);
  });
}

function taskOf(source: string, task: unknown, spec: ClusterSpec['jobs']): Task {
  const { type, index } = task as { type?: unknown; index?: unknown };
  const job = jobs.find((known) => known === type);
  const place = Number(index ?? 0);
  if (job === undefined || spec[job][place] === undefined) {
    throw new ClusterError(
      `${source}: the task ${JSON.stringify(task)} is none of the cluster: ${jobs.map((name) => `${spec[name].length} ${name}`).join(', ')}.`,
    );
  }
  return { job, index: place };
}
