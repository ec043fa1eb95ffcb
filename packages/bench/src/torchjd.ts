import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createInterface, type Interface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { Contestant } from './in-turns.js';

const path = (relative: string) => fileURLToPath(new URL(relative, import.meta.url));

/** A throw-away environment: it goes when node_modules does. */
const environment = path('../node_modules/.cache/torchjd');
const python = `${environment}/bin/python`;

/** What the peer cannot do here, in one line. */
export class PeerError extends Error {
  override name = 'PeerError';
}

/** TorchJD in a process of its own, on one thread. */
export interface TorchJd {
  readonly versions: Readonly<Record<string, string>>;
  /** One method on the Jacobians of one size. Only the last one that was asked for works. */
  contestant(method: string, jacobians: readonly (readonly (readonly number[])[])[]): Contestant;
  stop(): void;
}

interface Answer {
  readonly versions?: Readonly<Record<string, string>>;
  readonly ms?: number;
  readonly error?: string;
}

/** @throws PeerError where there is no Python, or TorchJD cannot be installed or started. */
export async function startTorchJd(): Promise<TorchJd> {
  await install();
  const child = spawn(python, [path('../src/weights_by_torchjd.py')], {
    stdio: ['pipe', 'pipe', 'inherit'],
    // A kernel that somebody chose for another OpenBLAS slows NumPy's own.
    env: { ...process.env, OMP_NUM_THREADS: '1', OPENBLAS_CORETYPE: undefined, OPENBLAS_L2_SIZE: undefined },
  });
  const answers = createInterface({ input: child.stdout });
  const lines = answers[Symbol.asyncIterator]();
  const next = async (): Promise<Answer> => {
    const { value, done } = await lines.next();
    if (done) throw new PeerError('TorchJD ended before it answered');
    return JSON.parse(value);
  };
  const ask = async (request: object) => {
    child.stdin.write(`${JSON.stringify(request)}\n`);
    const { ms, error } = await next();
    if (ms === undefined) throw new PeerError(error ?? 'no answer');
    return ms;
  };
  const { versions = {} } = await next();
  return {
    versions,
    contestant(method, jacobians) {
      let matrices: typeof jacobians | undefined = jacobians;
      return (ms) => {
        const request = { method, jacobians: matrices, ms };
        matrices = undefined;
        return ask(request);
      };
    },
    stop: () => stop(child, answers),
  };
}

function stop(child: ChildProcess, answers: Interface): void {
  answers.close();
  child.stdin?.end();
}

async function install(): Promise<void> {
  const run = async (command: string, ...args: string[]) => {
    await promisify(execFile)(command, args, { maxBuffer: 2 ** 26 }).catch((error: Error) => {
      throw new PeerError(error.message.trim().split('\n').at(-1));
    });
  };
  if (existsSync(python)) {
    const works = await run(python, '-c', 'import torchjd').then(
      () => true,
      () => false,
    );
    if (works) return;
  }
  process.stderr.write('Installing TorchJD and PyTorch in a virtual environment: this may take minutes.\n');
  await run('python3', '-m', 'venv', '--clear', environment);
  await run(python, '-m', 'pip', 'install', '--quiet', 'torchjd[full]');
}
