import { type Addon, type Fetched, loadAddon, type SessionHandle } from '../addon.js';
import { ClusterError, ClusterFault } from '../errors.js';
import { dataTypes } from '../program/binding.js';
import { encodeGraph, type GraphNode } from '../program/saved-model.js';
import type { TracedRunnerOptions } from '../program/traced-runner.js';
import { addon as addonVersion } from '../versions.js';
import { ClusterRunner } from './cluster-runner.js';
import { ClusterSession, faultOf } from './cluster-session.js';
import { type BatchDescription, type Description, decode, type Hello, protocol } from './messages.js';
import { type BatchPlace, cpuOf, DeviceGraph, uint8 } from './nodes.js';
import { configProto, runOptions, type SessionOptions } from './protos.js';
import { type ClusterSpec, describeTask, readSpec, type Task, taskName } from './spec.js';
import { WorkerBatch } from './worker-batch.js';

/** Something that happened to a machine while a program ran. */
export interface ClusterEvent {
  /** The task and its address. */
  readonly machine: string;
  /** The step that was under way. */
  readonly step: number;
  readonly what: string;
}

export interface ConnectOptions {
  /** The cluster's file; the variable TF_CONFIG unless given. */
  readonly file?: string;
  /**
   * A worker that is lost: `wait` (the default) for it to come back, or `leave-out`, and take it in again when it is
   * back. Its examples of the step go to the others either way if it stays away.
   */
  readonly lostWorkers?: 'wait' | 'leave-out';
  /** How long to wait for a lost worker, seconds (60). */
  readonly waitSeconds?: number;
  /** After how many seconds a run has not ended but stalled (60). */
  readonly deadlineSeconds?: number;
  /** Threads within one operation; TensorFlow's choice unless given. */
  readonly threads?: number;
  /** Compiles with XLA. */
  readonly xla?: boolean;
  /** Told of every machine that is lost, left out or back; `console.warn` unless given. */
  readonly onEvent?: (event: ClusterEvent) => void;
}

/** How long a machine may take to say what it is: so that all problems at the start are known within 10 s. */
const probeMs = 4000;
const startMs = 9000;
/** How often a lost machine is looked for. */
const againMs = 1000;

/**
 * The chief's side of a cluster: `program({ ..., cluster })` runs its entries there.
 *
 * @throws ClusterError within 10 seconds, where the cluster's file will not do, a machine cannot be reached, or two of
 *   them differ in version or cluster.
 */
export async function connect(options: ConnectOptions = {}): Promise<Cluster> {
  const spec = readSpec(options.file);
  const cluster = new Cluster(spec, options, loadAddon());
  await cluster.greet();
  return cluster;
}

/** The machines of a cluster as the chief sees them: made by `connect`, to be closed in the end. */
export class Cluster {
  /** Another one each time that the workers are others. */
  generation = 1;
  isLost = false;
  private readonly tasks: readonly Task[];
  private readonly hellos = new Map<string, Hello>();
  private live: number[];
  private control: SessionHandle | undefined;
  private readonly sessions = new Set<ClusterSession>();
  private readonly chief = Math.floor(Math.random() * 2 ** 31);
  private turn = 0;
  /** The step that is under way. */
  private step = 0;
  private lookedAt = 0;
  /** How often in a row nothing was found to be wrong. */
  private unexplained = 0;

  constructor(
    private readonly spec: ClusterSpec,
    private readonly options: ConnectOptions,
    private readonly addon: Addon,
  ) {
    const of = (job: 'ps' | 'worker') => spec.jobs[job].map((_, index) => ({ job, index }));
    this.tasks = [...of('ps'), ...of('worker')];
    this.live = of('worker').map(({ index }) => index);
  }

  get servers(): number {
    return this.spec.jobs.ps.length;
  }

  /** The workers of the cluster, whether they are there or not. */
  get workers(): number {
    return this.spec.jobs.worker.length;
  }

  /** What the workers' examples belong to. */
  get examples(): readonly { readonly machine: string; readonly fingerprint: string }[] {
    return this.tasks
      .filter(({ job }) => job === 'worker')
      .map((task) => ({
        machine: describeTask(this.spec, task),
        fingerprint: this.hellos.get(taskName(task))?.examples ?? '',
      }));
  }

  /** Finds every machine, and compares them. */
  async greet(): Promise<void> {
    const until = performance.now() + startMs;
    const found = await Promise.all(
      this.tasks.map(async (task) => ({ task, answer: await this.find(task, until) })),
    );
    const away = found.flatMap(({ task, answer }) =>
      typeof answer === 'string' ? [`${describeTask(this.spec, task)}: ${answer}`] : [],
    );
    if (away.length > 0) {
      throw new ClusterError(
        `not every machine of the cluster can be reached. ${away.join('. ')}. Start \`espalier-engine serve\` there first.`,
      );
    }
    for (const { task, answer } of found) {
      if (typeof answer !== 'string') this.accept(task, answer);
    }
  }

  /** The workers that take part in the next step; those that came back are among them. */
  async ready(step: number): Promise<readonly number[]> {
    this.step = step;
    if (this.live.length < this.workers && performance.now() - this.lookedAt > againMs) {
      this.lookedAt = performance.now();
      const away = this.tasks.filter(({ job, index }) => job === 'worker' && !this.live.includes(index));
      const back = await Promise.all(away.map((task) => this.probe(task, probeMs)));
      away.forEach((task, place) => {
        const answer = back[place]!;
        if (typeof answer !== 'string') this.takeIn(task, answer, step);
      });
    }
    return this.live;
  }

  /**
   * Has workers read, each one request at a time.
   *
   * @param place What a worker has in the other one stays: so it can read while it computes.
   * @throws ClusterError where a worker's examples throw.
   * @throws ClusterFault where a worker is lost.
   */
  async read(requests: ReadonlyMap<number, readonly number[]>, place: BatchPlace = 0): Promise<WorkerBatch> {
    const { generation } = this;
    let described: ReadonlyMap<number, BatchDescription>;
    try {
      described = await this.answers(requests, place, ++this.turn);
    } catch (cause) {
      if (cause instanceof ClusterError) throw cause;
      throw faultOf('reading a batch', false, cause);
    }
    // A worker that was lost meanwhile may answer when it is back, before it takes part again.
    if (generation !== this.generation) throw new ClusterFault('reading a batch was given up', false);
    await Promise.all([...described].map(([worker, answer]) => this.recognize(worker, answer)));
    return new WorkerBatch(described);
  }

  /**
   * Finds out what is wrong after a run that did not end, and goes on without it, or with what came back. All other runs
   * that are under way are cancelled.
   *
   * @throws ClusterError where it cannot go on: a parameter server is lost, or with it the state is not sure.
   */
  async recover(fault: ClusterFault, step: number): Promise<void> {
    this.renew();
    const there = this.tasks.filter(({ job, index }) => job === 'ps' || this.live.includes(index));
    const answers = await Promise.all(there.map((task) => this.probe(task, probeMs)));
    let changed = false;
    for (const [place, task] of there.entries()) {
      const answer = answers[place]!;
      const isSame = typeof answer !== 'string' && answer.id === this.hellos.get(taskName(task))?.id;
      if (isSame) continue;
      changed = true;
      const problem = typeof answer === 'string' ? answer : 'it was started again, without the variables';
      if (task.job === 'ps') throw this.lost(task, step, problem, fault);
      if (typeof answer !== 'string') {
        this.accept(task, answer);
        this.tell(task, step, 'was started again; the step is repeated');
      } else await this.loseWorker(task, step, answer);
    }
    if (fault.changedState)
      throw this.lost(
        this.tasks[0]!,
        step,
        `a run that changes variables did not end: ${fault.message}`,
        fault,
      );
    this.unexplained = changed ? 0 : this.unexplained + 1;
    if (this.unexplained > 2) {
      throw new ClusterError(
        `step ${step}: ${fault.message}. All machines answer, and it failed three times.`,
        {
          cause: fault,
        },
      );
    }
    if (!changed) this.tell(this.tasks[0]!, step, `a run did not end, and is repeated (${fault.message})`);
  }

  /** What runs the entries of a program here. */
  runner(options: TracedRunnerOptions): ClusterRunner {
    return new ClusterRunner(this, options);
  }

  /** A session over the parameter servers and these workers that holds a graph; whoever opens it closes it. */
  open(nodes: readonly GraphNode[], workers: readonly number[] = this.live): ClusterSession {
    const session = new ClusterSession(this.addon, this.target, this.sessionOptions(workers), nodes, () =>
      this.sessions.delete(session),
    );
    this.sessions.add(session);
    return session;
  }

  /** Tells whoever is told of events something that is no machine's. */
  announce(what: string): void {
    this.tell({ job: 'chief', index: 0 }, this.step, what);
  }

  /** Gives up the sessions. The servers go on, for another chief. */
  close(): void {
    this.renew();
  }

  private get target(): string {
    return `grpc://${this.spec.jobs.ps[0]}`;
  }

  private sessionOptions(live: readonly number[]): SessionOptions {
    const { deadlineSeconds = 60, threads, xla } = this.options;
    const servers = this.spec.jobs.ps.map((_, index) => taskName({ job: 'ps', index }));
    const workers = live.map((index) => taskName({ job: 'worker', index }));
    return { devices: [...servers, ...workers], deadline: 1000 * deadlineSeconds, threads, xla };
  }

  private renew(): void {
    this.generation++;
    for (const session of this.sessions) session.close();
    if (this.control !== undefined) this.addon.closeSession(this.control).catch(() => undefined);
    this.control = undefined;
  }

  /** Asks the workers and takes their answers in one run: every run costs a round trip. */
  private async answers(
    requests: ReadonlyMap<number, readonly number[]>,
    place: BatchPlace,
    turn: number,
  ): Promise<ReadonlyMap<number, BatchDescription>> {
    const workers = [...requests.keys()];
    const feeds = [...requests].map(([worker, asked]) => {
      const request = Int32Array.of(this.chief, turn, place, ...asked);
      return [`worker${worker}/requests/value`, dataTypes.int32, [request.length], request] as const;
    });
    const targets = workers.map((worker) => `worker${worker}/requests/enqueue`);
    const fetches = workers.map(answerOf);
    const found = await this.addon.run(this.controlSession(), feeds, fetches, targets, this.runOptions);
    const tag = `${this.chief}:${turn}`;
    return new Map(
      await Promise.all(
        workers.map(
          async (worker, place) => [worker, await this.description(worker, found[place]!, tag)] as const,
        ),
      ),
    );
  }

  /** What a worker answered to this request; what it said to former ones, whose steps were given up, is passed over. */
  private async description(worker: number, { data }: Fetched, tag: string): Promise<BatchDescription> {
    const description = decode<Description>(data);
    if (description.tag !== tag) {
      const [next] = await this.addon.run(this.controlSession(), [], [answerOf(worker)], [], this.runOptions);
      return this.description(worker, next!, tag);
    }
    if (!('error' in description)) return description;
    throw new ClusterError(
      `${describeTask(this.spec, { job: 'worker', index: worker })} cannot read its examples: ${description.error}`,
    );
  }

  /** Sessions that are opened anew find whoever is there: a worker that was started again since is reported here. */
  private async recognize(index: number, { id }: BatchDescription): Promise<void> {
    const task = { job: 'worker', index } as const;
    if (id === this.hellos.get(taskName(task))?.id) return;
    const answer = await this.probe(task, probeMs);
    if (typeof answer === 'string')
      throw new ClusterFault(`${describeTask(this.spec, task)}: ${answer}`, false);
    this.accept(task, answer);
    this.tell(task, this.step, 'was started again before the step');
  }

  private get runOptions(): Uint8Array {
    return runOptions(this.sessionOptions(this.live).deadline);
  }

  private controlSession(): SessionHandle {
    if (this.control === undefined) {
      const nodes = this.live.flatMap((index) => {
        const graph = new DeviceGraph(cpuOf({ job: 'worker', index }), `worker${index}/`);
        graph.enqueue('requests', dataTypes.int32);
        graph.dequeue('descriptions', uint8);
        return graph.nodes;
      });
      this.control = this.addon.openSession(
        encodeGraph(nodes),
        this.target,
        configProto(this.sessionOptions(this.live)),
      );
    }
    return this.control;
  }

  private async loseWorker(task: Task, step: number, reason: string): Promise<void> {
    const { lostWorkers = 'wait', waitSeconds = 60 } = this.options;
    const isLast = this.live.length === 1;
    if (lostWorkers === 'wait' || isLast) {
      this.tell(task, step, `is lost (${reason}); it is waited for, up to ${waitSeconds} s`);
      const answer = await this.find(task, performance.now() + 1000 * waitSeconds);
      if (typeof answer !== 'string') {
        this.accept(task, answer);
        this.tell(task, step, 'is back; the step is repeated');
        return;
      }
      if (isLast) {
        throw new ClusterError(
          `step ${step}: the last worker, ${describeTask(this.spec, task)}, is lost: ${answer}. Start it, and resume from the last checkpoint.`,
        );
      }
    }
    this.live = this.live.filter((index) => index !== task.index);
    this.generation++;
    this.tell(
      task,
      step,
      `is lost (${reason}) and left out; the others read its examples, and the step is repeated`,
    );
  }

  private takeIn(task: Task, hello: Hello, step: number): void {
    this.accept(task, hello);
    this.live = [...this.live, task.index].sort((a, b) => a - b);
    this.renew();
    this.tell(task, step, 'is back, and takes part again');
  }

  private lost(task: Task, step: number, problem: string, fault: ClusterFault): ClusterError {
    this.isLost = true;
    this.tell(task, step, `is lost: ${problem}`);
    return new ClusterError(
      `step ${step}: the parameter server ${describeTask(this.spec, task)} is lost (${problem}), and the variables with it. ` +
        'Start it again, and resume from the last checkpoint.',
      { cause: fault },
    );
  }

  private tell(task: Task, step: number, what: string): void {
    const event = { machine: describeTask(this.spec, task), step, what };
    if (this.options.onEvent !== undefined) this.options.onEvent(event);
    else console.warn(`step ${step}: ${event.machine} ${what}`);
  }

  /**
   * Remembers what a machine says of itself.
   *
   * @throws ClusterError where it and the chief would not understand each other.
   */
  private accept(task: Task, hello: Hello): void {
    const machine = describeTask(this.spec, task);
    const own = {
      tensorflow: this.addon.version(),
      cluster: JSON.stringify(this.spec.jobs),
    };
    if (hello.tensorflow !== own.tensorflow) {
      throw new ClusterError(
        `${machine} has TensorFlow ${hello.tensorflow}, the chief ${own.tensorflow}. Install the same @espalier/engine on both.`,
      );
    }
    if (hello.addon !== addonVersion || hello.protocol !== protocol) {
      throw new ClusterError(
        `${machine} has another version of @espalier/engine than the chief. Install the same.`,
      );
    }
    if (hello.cluster !== own.cluster) {
      throw new ClusterError(
        `${machine} was told of another cluster than the chief: ${hello.cluster} there, ${own.cluster} here.`,
      );
    }
    this.hellos.set(taskName(task), hello);
  }

  /** Looks for a machine until it is there. */
  private async find(task: Task, until: number): Promise<Hello | string> {
    for (;;) {
      const left = until - performance.now();
      const answer = await this.probe(task, Math.max(500, Math.min(probeMs, left)));
      if (typeof answer !== 'string' || performance.now() + againMs > until) return answer;
      await new Promise((resolve) => setTimeout(resolve, againMs));
    }
  }

  /** What a machine says of itself, or why it says nothing. */
  private async probe(task: Task, milliseconds: number): Promise<Hello | string> {
    const address = this.spec.jobs[task.job][task.index]!;
    const problem = await reach(address, milliseconds / 2);
    if (problem !== undefined) return problem;
    const graph = new DeviceGraph(cpuOf(task));
    const read = graph.read('hello', uint8);
    const deadline = Math.ceil(milliseconds / 2);
    const session = this.addon.openSession(
      encodeGraph(graph.nodes),
      `grpc://${address}`,
      configProto({ devices: [taskName(task)], deadline }),
    );
    try {
      const [found] = await this.addon.run(session, [], [read], [], runOptions(deadline));
      return decode<Hello>(found!.data);
    } catch (error) {
      return `it does not answer: ${error instanceof Error ? error.message.split('\n')[0] : error}`;
    } finally {
      this.addon.closeSession(session).catch(() => undefined);
    }
  }
}

function answerOf(worker: number): string {
  return `worker${worker}/descriptions/dequeue`;
}

/** Why an address does not take a connection; undefined where it does. */
function reach(address: string, milliseconds: number): Promise<string | undefined> {
  const { connect } = process.getBuiltinModule('node:net');
  const [host, port] = address.split(':');
  return new Promise((resolve) => {
    const socket = connect({ host: host!, port: Number(port), family: 4 });
    const end = (problem: string | undefined) => {
      socket.destroy();
      resolve(problem);
    };
    socket.setTimeout(milliseconds, () => end('it does not answer'));
    socket.once('connect', () => end(undefined));
    socket.once('error', (error: NodeJS.ErrnoException) =>
      end(error.code === 'ECONNREFUSED' ? 'nothing listens there' : error.message),
    );
  });
}
