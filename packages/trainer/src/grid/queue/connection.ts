import { messageOf } from '@espalier/core';
import { Redis } from 'ioredis';
import { TrainerError } from '../../errors.js';

/** A server of Redis or Valkey. */
export interface Connection {
  readonly redis: Redis;
  /** The server's address without user and password, for people. */
  readonly server: string;
  close(): void;
}

const EXPECTED =
  'redis://host:6379, or rediss:// for TLS, with user:password@ before the host where it takes one';
const CONNECT_MS = 5000;
const RETRY_MS = 2000;

/**
 * Connects to a server. Once connected, a connection that is lost is sought again for as long as it takes, and both are
 * said. No message names the user or the password.
 *
 * @throws TrainerError when the address is none, or no server of Redis or Valkey lets us in there within some seconds.
 */
export async function connect(url: string, notice: (sentence: string) => void): Promise<Connection> {
  const server = addressOf(url);
  let state: 'new' | 'connected' | 'lost' | 'closed' = 'new';
  let problem: unknown;
  const redis = new Redis(url, {
    lazyConnect: true,
    connectTimeout: CONNECT_MS,
    // What BullMQ wants: commands wait for the connection.
    maxRetriesPerRequest: null,
    retryStrategy: () => (state === 'new' ? null : RETRY_MS),
  });
  redis.on('error', (error) => {
    problem ??= error;
  });
  redis.on('close', () => {
    if (state !== 'connected') return;
    state = 'lost';
    notice(`The connection to the queue at ${server} is lost; it is sought until it is back.`);
  });
  redis.on('ready', () => {
    if (state === 'lost') notice(`The connection to the queue at ${server} is back.`);
    state = 'connected';
  });
  try {
    await withinSeconds(redis.connect());
  } catch (error) {
    redis.disconnect();
    // The error of a refused password holds the password: it is no cause to hand on.
    throw new TrainerError(
      `The queue at ${server} cannot be used: ${reasonOf(problem ?? error)}. Start Redis or Valkey there, or give the ` +
        'address and password of one that runs.',
    );
  }
  return {
    redis,
    server,
    close() {
      state = 'closed';
      redis.disconnect();
    },
  };
}

/** @throws TrainerError that does not repeat the address, since there may be a password in it. */
function addressOf(url: string): string {
  let parsed: URL;
  try {
    parsed = new URL(url);
  } catch {
    throw new TrainerError(`The queue's address cannot be read; expected ${EXPECTED}.`);
  }
  const { protocol, hostname, port, pathname } = parsed;
  if (['redis:', 'rediss:'].includes(protocol) && hostname !== '') {
    return `${protocol}//${hostname}:${port || 6379}${pathname === '/' ? '' : pathname}`;
  }
  throw new TrainerError(`The queue's address begins with ${protocol}; expected ${EXPECTED}.`);
}

async function withinSeconds(connected: Promise<void>): Promise<void> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const tooLong = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${CONNECT_MS / 1000} s`)), CONNECT_MS);
  });
  try {
    await Promise.race([connected, tooLong]);
  } finally {
    clearTimeout(timer);
  }
}

/** Of several addresses that were tried, Node's error says nothing itself. */
function reasonOf(error: unknown): string {
  if (error instanceof AggregateError) return error.errors.map(messageOf).join(', ');
  return messageOf(error);
}
