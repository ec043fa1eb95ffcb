import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { bundle } from '../bundle.js';
import { freePorts } from '../free-ports.js';

/** The processes of a cluster on this machine: one parameter server, and workers. */
export class Machines {
  private readonly running = new Map<string, ChildProcess>();

  private constructor(
    readonly folder: string,
    readonly jobs: { chief: string[]; ps: string[]; worker: string[] },
  ) {}

  /** Bundles the programs, and finds free ports; starts nothing. */
  static async prepare(workers: number): Promise<Machines> {
    const folder = await mkdtemp(join(tmpdir(), 'espalier-cluster-'));
    await writeFile(join(folder, 'package.json'), '{"type": "module"}');
    // The command line and the workers' examples, with one tfjs between them.
    await bundle({
      entryPoints: { cli: '../../engine/src/cli.ts', examples: 'cluster/examples.ts' },
      outdir: folder,
      splitting: true,
    });
    const ports = await freePorts(workers + 2);
    const [chief, ps, ...worker] = ports.map((port) => `127.0.0.1:${port}`);
    const machines = new Machines(folder, { chief: [chief], ps: [ps], worker });
    await writeFile(machines.file, JSON.stringify({ cluster: machines.jobs }));
    return machines;
  }

  get file(): string {
    return join(this.folder, 'cluster.json');
  }

  /** Starts a task, and waits until it serves. */
  async start(task: string, env: NodeJS.ProcessEnv = {}): Promise<void> {
    const examples = task.startsWith('worker') ? ['--examples', join(this.folder, 'examples.js')] : [];
    const { child, output } = this.spawn(['--cluster', this.file, '--task', task, ...examples], env);
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
      ['ps:0', ...this.jobs.worker.map((_, index) => `worker:${index}`)].map((task) => this.start(task, env)),
    );
  }

  /** What `serve` says with these arguments, and how it ended. */
  async serve(...args: string[]): Promise<{ code: number | null; output: string }> {
    const { child, output } = this.spawn(args, {});
    const [code] = (await once(child, 'exit')) as [number | null];
    return { code, output: output() };
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

  private spawn(args: string[], env: NodeJS.ProcessEnv) {
    const { NODE_OPTIONS: _, ...own } = process.env;
    const child = spawn(process.execPath, [join(this.folder, 'cli.js'), 'serve', ...args], {
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
