import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePorts } from './free-ports.js';

/** Debian's package brings Redis, where it is installed; Valkey speaks the same. */
const program = ['/usr/bin/redis-server', '/usr/bin/valkey-server'].find((file) => existsSync(file));

export const withoutRedis = program === undefined;
if (withoutRedis) {
  console.warn(
    'No /usr/bin/redis-server nor valkey-server: the tests of the queue are skipped. apt-get install redis-server',
  );
}

export interface RedisServer {
  readonly url: string;
  readonly port: number;
  stop(): Promise<void>;
}

/** Starts a server of our own on a free port of this machine, which keeps nothing. */
export async function startRedis({
  password,
  port,
}: {
  password?: string;
  port?: number;
} = {}): Promise<RedisServer> {
  const folder = await mkdtemp(join(tmpdir(), 'espalier-redis-'));
  const own = port ?? (await freePorts(1))[0];
  const server = spawn(
    program!,
    [
      ...[
        '--port',
        `${own}`,
        '--bind',
        '127.0.0.1',
        '--dir',
        folder,
        '--save',
        '',
        '--maxmemory-policy',
        'noeviction',
      ],
      ...(password === undefined ? [] : ['--requirepass', password]),
    ],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  await new Promise<void>((resolve, reject) => {
    server.stdout.setEncoding('utf8').on('data', (text) => {
      if (/Ready to accept connections/.test(text)) resolve();
    });
    server.once('error', reject);
    server.once('exit', (code) => reject(new Error(`Redis ended with ${code} before it was ready.`)));
  });
  return {
    url: `redis://${password === undefined ? '' : `:${password}@`}127.0.0.1:${own}`,
    port: own,
    async stop() {
      if (server.exitCode === null && server.signalCode === null) {
        server.kill('SIGKILL');
        await once(server, 'exit');
      }
      await rm(folder, { recursive: true, force: true });
    },
  };
}
