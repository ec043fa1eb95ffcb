import { randomBytes, timingSafeEqual } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Heads } from '@espalier/core';
import { TrainerError } from '../errors.js';
import { checkBegun, type Watcher } from '../watcher.js';
import { dashboardPage } from './page.js';
import { RunHistory } from './run-history.js';

const LOOPBACK = '127.0.0.1';
/** How often the page is told what is new, in milliseconds. */
const INTERVAL = 1000;

export interface DashboardOptions {
  readonly title: string;
  /** The port of 127.0.0.1 to listen on (any that is free). */
  readonly port?: number;
}

/** A page that shows trainings while they run. */
export interface Dashboard {
  /** With the token without which the page answers nothing. */
  readonly url: string;
  /** Begins to show a training. */
  watch<H extends Heads>(run: string): Watcher<H>;
  /** Tells open pages that this was all, and stops listening. */
  close(): Promise<void>;
}

/**
 * Serves a live page on this machine only: losses, metrics, task weights, conflicts between gradients, steps a second
 * and example predictions. It answers only requests that name its own address and carry its random token.
 *
 * @throws TrainerError when the port cannot be listened on.
 */
export async function dashboard({ title, port = 0 }: DashboardOptions): Promise<Dashboard> {
  const token = randomBytes(24).toString('base64url');
  const page = await dashboardPage(title);
  const runs: RunHistory[] = [];
  /** Open pages, each with the places of the runs that it is behind with. */
  const listeners = new Map<ServerResponse, Set<number>>();
  let told = 0;

  const server = createServer((request, response) => {
    const refusal = refusalOf(request, token, (server.address() as AddressInfo).port);
    if (refusal !== undefined)
      return answer(response, refusal.status, 'text/plain; charset=utf-8', refusal.reason);
    if (new URL(request.url ?? '/', 'http://local').pathname === '/') {
      response.setHeader('Content-Security-Policy', page.policy);
      return answer(response, 200, 'text/html; charset=utf-8', page.html);
    }
    response.writeHead(200, { ...SAFE, 'Content-Type': 'text/event-stream' });
    const behind = new Set<number>();
    listeners.set(response, behind);
    response.on('close', () => listeners.delete(response));
    response.on('drain', () => {
      for (const place of behind) send(response, 'run', { place, run: runs[place] });
      behind.clear();
    });
    send(response, 'runs', runs);
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause) =>
      reject(
        new TrainerError(`The dashboard cannot listen on port ${port}: ${cause.message}. Take another one.`, {
          cause,
        }),
      ),
    );
    server.listen(port, LOOPBACK, resolve);
  });
  // An open page alone does not keep a program alive that has ended.
  server.unref();
  server.on('connection', (socket) => socket.unref());

  const tell = (place: number) => {
    told = performance.now();
    for (const [listener, behind] of listeners) {
      // A page that does not keep up skips what comes between: each message is the whole run.
      if (listener.writableNeedDrain) behind.add(place);
      else send(listener, 'run', { place, run: runs[place] });
    }
  };
  return {
    url: `http://${LOOPBACK}:${(server.address() as AddressInfo).port}/?token=${token}`,
    watch(name) {
      const run = new RunHistory(name);
      const place = runs.push(run) - 1;
      return {
        begin(tasks) {
          run.tasks = tasks;
          tell(place);
        },
        step(record) {
          checkBegun(run.tasks);
          run.step(record);
          if (performance.now() - told > INTERVAL) tell(place);
        },
        metrics(step, values) {
          run.addMetrics(step, values);
          tell(place);
        },
        examples(html) {
          run.examples = html;
          tell(place);
        },
        end() {
          run.ended = true;
          tell(place);
        },
      };
    },
    close() {
      for (const listener of listeners.keys()) {
        send(listener, 'end', null);
        listener.end();
      }
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}

const PATHS = ['/', '/events'];

/**
 * Why a request gets no answer. The host has to be ours, so that no name that leads to this machine can stand in for it
 * (DNS rebinding); the origin, where a browser names one, too.
 */
function refusalOf(
  { method, url = '/', headers }: IncomingMessage,
  token: string,
  port: number,
): { status: number; reason: string } | undefined {
  const own = [`${LOOPBACK}:${port}`, `localhost:${port}`];
  if (!own.includes(headers.host ?? ''))
    return { status: 421, reason: 'This is not the address of this page.' };
  const { origin, 'sec-fetch-site': site, 'sec-fetch-mode': mode } = headers;
  const foreign = origin !== undefined && !own.some((host) => origin === `http://${host}`);
  // Pictures and scripts of another page are asked for without an origin.
  if (foreign || (site !== undefined && site !== 'same-origin' && mode !== 'navigate')) {
    return { status: 403, reason: 'Another page asks; only the dashboard itself may.' };
  }
  if (!URL.canParse(url, 'http://local')) return { status: 400, reason: 'This is no address.' };
  const { searchParams } = new URL(url, 'http://local');
  if (!isToken(searchParams.get('token') ?? '', token)) {
    return {
      status: 403,
      reason: 'The token is missing or wrong; take the address that the training printed.',
    };
  }
  // As it was sent, before anything like `/../` is resolved.
  if (!PATHS.includes(url.split('?')[0])) return { status: 404, reason: 'There is no such page.' };
  if (method !== 'GET') return { status: 405, reason: 'This page can only be read.' };
  return undefined;
}

/** In the same time for every wrong one. */
function isToken(given: string, token: string): boolean {
  const [a, b] = [Buffer.from(given), Buffer.from(token)];
  return a.length === b.length && timingSafeEqual(a, b);
}

const SAFE = {
  Connection: 'close',
  'Cache-Control': 'no-store',
  'Referrer-Policy': 'no-referrer',
  'X-Content-Type-Options': 'nosniff',
  'X-Frame-Options': 'DENY',
  'Cross-Origin-Resource-Policy': 'same-origin',
};

function answer(response: ServerResponse, status: number, type: string, body: string): void {
  response.writeHead(status, { ...SAFE, 'Content-Type': type }).end(body);
}

function send(response: ServerResponse, event: string, data: unknown): void {
  response.write(`event: ${event}\ndata: ${JSON.stringify(data)}\n\n`);
}
