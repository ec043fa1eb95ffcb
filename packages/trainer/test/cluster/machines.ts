import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { bundle } from '../bundle.js';
import { freePorts } from '../free-ports.js';
import type { Network } from './network.js';
import type { Losses } from './problem.js';

/** The processes of a cluster on this machine, or each on a host of a network: parameter servers, and workers. */
export class Machines {
  private readonly running = new Map<string, ChildProcess>();

  private constructor(
    readonly folder: string,
    readonly jobs: { chief: string[]; ps: string[]; worker: string[] },
    private readonly network: Network | undefined,
    /** What tells a process the cluster, and which of its tasks it is. */
    private readonly toldBy: 'arguments' | 'TF_CONFIG',
  ) {}

  /** Bundles the programs, and finds free ports; starts nothing. */
  static async prepare(
    workers: number,
    servers = 1,
    toldBy: 'arguments' | 'TF_CONFIG' = 'arguments',
  ): Promise<Machines> {
    const addresses = (await freePorts(1 + servers + workers)).map((port) => `127.0.0.1:${port}`);
    const jobs = {
      chief: addresses.slice(0, 1),
      ps: addresses.slice(1, 1 + servers),
      worker: addresses.slice(1 + servers),
    };
    return Machines.of(jobs, undefined, toldBy);
  }

  /** One parameter server and two workers, on hosts that are named like the tasks. */
  static async prepareOn(network: Network): Promise<Machines> {
    const addresses = (...tasks: string[]) => tasks.map((task) => `${network.address(task)}:2222`);
    const jobs = {
      chief: addresses('chief:0'),
      ps: addresses('ps:0'),
      worker: addresses('worker:0', 'worker:1'),
    };
    return Machines.of(jobs, network, 'arguments');
  }

  private static async bundle(): Promise<string> {
    const folder = await mkdtemp(join(tmpdir(), 'espalier-cluster-'));
    await writeFile(join(folder, 'package.json'), '{"type": "module"}');
    // The command line and the workers' examples, with one tfjs between them.
    await bundle({
      entryPoints: { cli: '../../engine/src/cli.ts', examples: 'cluster/examples.ts' },
      outdir: folder,
      splitting: true,
    });
    // A chief computes on native TensorFlow, which must have the same tfjs.
    await bundle({
      entryPoints: { chief: 'cluster/chief.ts', 'bereaved-chief': 'cluster/bereaved-chief.ts' },
      outdir: folder,
      external: ['@tensorflow/*'],
    });
    const engine = fileURLToPath(new URL('../../../engine/node_modules', import.meta.url));
    await symlink(engine, join(folder, 'node_modules'));
    return folder;
  }

  private static async of(
    jobs: Machines['jobs'],
    network: Network | undefined,
    toldBy: Machines['toldBy'],
  ): Promise<Machines> {
    const machines = new Machines(await Machines.bundle(), jobs, network, toldBy);
    await writeFile(machines.file, JSON.stringify({ cluster: machines.jobs }));
    return machines;
  }

  get file(): string {
    return join(this.folder, 'cluster.json');
  }

  /** Starts a task, and waits until it serves. */
  async start(task: string, env: NodeJS.ProcessEnv = {}): Promise<void> {
    const examples = task.startsWith('worker') ? ['--examples', join(this.folder, 'examples.js')] : [];
    const trusted = this.network === undefined ? [] : ['--i-trust-this-network'];
    const told = this.toldBy === 'arguments' ? ['--cluster', this.file, '--task', task] : [];
    const args = ['serve', ...told, ...examples, ...trusted];
    const { child, output } = this.spawn(
      'cli',
      args,
      { ...this.variable(task), ...env },
      this.network?.on(task),
    );
    this.running.set(task, child);
    const ended = once(child, 'exit').then(() => {
      throw new Error(`${task} ended: ${output()}`);
    });
    const serves = new Promise<void>((resolve) => {
      child.stdout!.on('data', () => output().includes(' serves') && resolve());
    });
    await Promise.race([serves, ended]);
    ended.catch(() => undefined);
  }

  async startAll(env: NodeJS.ProcessEnv = {}): Promise<void> {
    await Promise.all(
      (['ps', 'worker'] as const)
        .flatMap((job) => this.jobs[job].map((_, index) => `${job}:${index}`))
        .map((task) => this.start(task, env)),
    );
  }

  /** What `serve` says with these arguments, and how it ended. */
  async serve(...args: string[]): Promise<{ code: number | null; output: string }> {
    return this.ended(this.spawn('cli', ['serve', ...args]));
  }

  /**
   * The losses of every method that `chief.ts` finds on its host.
   *
   * @throws Error with what it says where it fails.
   */
  async chief(): Promise<readonly (readonly Losses[])[]> {
    const args = this.toldBy === 'arguments' ? [this.file] : [];
    const running = this.spawn('chief', args, this.variable('chief:0'), this.network?.on('chief:0'));
    const { code, output } = await this.ended(running);
    if (code !== 0) throw new Error(output);
    return JSON.parse(output.split('\n').find((line) => line.startsWith('[[{'))!);
  }

  /** How a chief ends whose parameter server is killed, and how long after it has nothing more to do, ms. */
  async bereavedChief(way: 'by itself' | 'exit'): Promise<{ code: number | null; took: number }> {
    const server = this.running.get('ps:0')!.pid;
    const { code, output } = await this.ended(this.spawn('bereaved-chief', [this.file, String(server), way]));
    return { code, took: Date.now() - Number(/^\d{13}$/m.exec(output)?.[0]) };
  }

  async signal(task: string, signal: NodeJS.Signals): Promise<void> {
    const child = this.running.get(task)!;
    child.kill(signal);
    if (signal === 'SIGKILL' && child.exitCode === null && child.signalCode === null)
      await once(child, 'exit');
  }

  async stop(): Promise<void> {
    for (const child of this.running.values()) child.kill('SIGKILL');
    await rm(this.folder, { recursive: true, force: true });
  }

  private variable(task: string): NodeJS.ProcessEnv {
    if (this.toldBy === 'arguments') return {};
    const [type, index] = task.split(':');
    return { TF_CONFIG: JSON.stringify({ cluster: this.jobs, task: { type, index: Number(index) } }) };
  }

  private async ended({ child, output }: ReturnType<Machines['spawn']>) {
    const [code] = (await once(child, 'close')) as [number | null];
    return { code, output: output() };
  }

  private spawn(program: string, args: string[], env: NodeJS.ProcessEnv = {}, on: string[] = []) {
    const { NODE_OPTIONS: _, ...own } = process.env;
    const [command, ...rest] = [...on, process.execPath, join(this.folder, `${program}.js`), ...args];
    const child = spawn(command, rest, {
      env: { ...own, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => {
        output += text;
      });
    }
    return { child, output: () => output };
  }
}
