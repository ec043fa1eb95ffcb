import {
  createServer,
  type IncomingMessage,
  type Server,
  type ServerResponse,
  STATUS_CODES,
} from 'node:http';
import { type Heads, InputError, type MultiTaskModel } from '@espalier/core';
import * as tf from '@tensorflow/tfjs-core';
import { listsOfNumbers } from '../json.js';
import { predictEach } from '../predict-each.js';
import type { ReadInput } from '../read-input.js';
import { Batcher } from './batcher.js';
import { readBody } from './body.js';
import type { Limits } from './limits.js';
import { serviceMetrics } from './metrics.js';
import { describeService } from './open-api.js';
import { Refusal } from './refusal.js';
import { inputsOf } from './request.js';

export interface ServiceOptions {
  /** What the service is called in its description. */
  readonly name: string;
  readonly model: MultiTaskModel<Heads>;
  /** How files become inputs; without it, only lists of numbers are taken. */
  readonly read: ReadInput | undefined;
  readonly limits: Limits;
}

interface Answer {
  readonly type: string;
  readonly body: string;
}

interface Route {
  readonly method: 'GET' | 'POST';
  /** @param isWanted whether somebody still waits for the answer. */
  answer(request: IncomingMessage, isWanted: () => boolean): Promise<Answer>;
}

/** How often Node looks for requests that take too long to arrive, in milliseconds, at most. */
const LOOK_MS = 1000;

/**
 * An HTTP service that predicts: POST /predict, GET /health, /metrics and /openapi.json. It does not listen yet. The
 * model stays the caller's.
 */
export async function predictionService({ name, model, read, limits }: ServiceOptions): Promise<Server> {
  const batcher = new Batcher(runBatch, limits);
  const metrics = serviceMetrics(() => batcher.waiting);

  async function runBatch(inputs: readonly Float32Array[]) {
    metrics.batchSize.observe(inputs.length);
    const stop = metrics.forwardSeconds.startTimer();
    try {
      return await predictEach(model, inputs);
    } finally {
      stop();
    }
  }

  // The first forward pass takes longer than the others; what it gives shows what predictions look like.
  const [example] = await predictEach(model, [zeros(model)]);
  const description = describeService({ name, model, example, limits, takesFiles: read !== undefined });
  const tasks = model.tasks.map((task) => task.name);

  const routes: Readonly<Record<string, Route>> = {
    '/predict': {
      method: 'POST',
      async answer(request, isWanted) {
        const inputs = await inputsOf(await readBody(request, limits.maxBytes), request, {
          shape: model.inputShape,
          maxInstances: limits.maxBatch,
          read,
        });
        // One that does not fit must not spoil the batch that it would get into.
        model.stack(inputs).dispose();
        return json({ predictions: await batcher.add(inputs, isWanted) });
      },
    },
    '/health': {
      method: 'GET',
      answer: async () => json({ status: 'ok', name, engine: tf.getBackend(), tasks }),
    },
    '/metrics': {
      method: 'GET',
      answer: async () => ({ type: metrics.registry.contentType, body: await metrics.registry.metrics() }),
    },
    '/openapi.json': { method: 'GET', answer: async () => json(description) },
  };

  const server = createServer(
    {
      headersTimeout: limits.timeoutMs,
      requestTimeout: limits.timeoutMs,
      keepAliveTimeout: limits.timeoutMs,
      connectionsCheckingInterval: Math.min(LOOK_MS, limits.timeoutMs / 2),
    },
    async (request, response) => {
      const stop = metrics.seconds.startTimer();
      const path = request.url?.split('?')[0] ?? '';
      const route = Object.hasOwn(routes, path) ? path : 'none';
      try {
        const { type, body } = await routeOf(request, routes[route]).answer(
          request,
          () => !response.destroyed,
        );
        response.writeHead(200, { 'content-type': type }).end(body);
      } catch (error) {
        refuse(response, error);
      }
      stop({ route });
      metrics.requests.inc({ route, status: response.statusCode });
    },
  );
  // Node would hang up without a word.
  server.on('connect', (_request, socket) =>
    socket.end('HTTP/1.1 405 Method Not Allowed\r\nConnection: close\r\n\r\n'),
  );
  server.once('close', () => metrics.registry.clear());
  return server;
}

/** Ends a service: what has come is answered, nothing else is taken. */
export async function closeService(server: Server): Promise<void> {
  const closed = new Promise((resolve) => server.close(resolve));
  // Clients keep connections; once their answers are sent, they are not waited for.
  const timer = setInterval(() => server.closeIdleConnections(), 50);
  await closed;
  clearInterval(timer);
}

/** @throws Refusal when there is no such route, or it is asked for in another way. */
function routeOf({ method, url }: IncomingMessage, route: Route | undefined): Route {
  if (route === undefined) throw new Refusal(404, `There is no ${url}; see /openapi.json.`);
  // Node leaves a body out for HEAD.
  if (method === route.method || (method === 'HEAD' && route.method === 'GET')) return route;
  throw new Refusal(405, `${url} takes ${route.method}, not ${method}.`, { allow: route.method });
}

function refuse(response: ServerResponse, error: unknown): void {
  // Who has hung up cannot be told.
  if (response.destroyed) return;
  const { statusCode, message, headers } = refusalOf(error);
  const { type, body } = json({ statusCode, error: STATUS_CODES[statusCode], message });
  response.writeHead(statusCode, { 'content-type': type, ...headers }).end(body);
}

function refusalOf(error: unknown): Refusal {
  if (error instanceof Refusal) return error;
  if (error instanceof InputError) return new Refusal(400, error.message);
  console.error(error);
  // What went wrong inside is not for those who asked.
  return new Refusal(500, 'The prediction failed.');
}

function json(value: unknown): Answer {
  return { type: 'application/json', body: JSON.stringify(value, listsOfNumbers) };
}

/** The shortest input that the model takes. */
function zeros({ inputShape }: MultiTaskModel<Heads>): Float32Array {
  return new Float32Array(inputShape.reduce<number>((size, length) => size * (length ?? 1), 1));
}
