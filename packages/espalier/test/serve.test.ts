import { once } from 'node:events';
import type { Server } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import type { Heads, MultiTaskModel } from '@espalier/core';
import * as tf from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { listsOfNumbers } from '../src/json.js';
import { predictEach } from '../src/predict-each.js';
import { readInputOf } from '../src/read-input.js';
import type { Limits } from '../src/serve/limits.js';
import { closeService, predictionService } from '../src/serve/service.js';
import experiment, { pixels, png, SIDE } from './pictures.js';

const usual: Limits = { maxBatch: 4, maxWaitMs: 2, maxBytes: 16_384, timeoutMs: 5000, maxWaiting: 64 };

interface Running {
  readonly server: Server;
  readonly port: number;
  readonly url: string;
  readonly model: MultiTaskModel<Heads>;
}

const running: Running[] = [];

async function start(limits: Partial<Limits> = {}): Promise<Running> {
  const model = experiment.compose(experiment.heads, { sharing: experiment.sharing, seed: 1 });
  const server = await predictionService({
    name: 'pictures',
    model,
    read: readInputOf({}, model.inputShape),
    limits: { ...usual, ...limits },
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const { port } = server.address() as AddressInfo;
  const service = { server, port, url: `http://127.0.0.1:${port}`, model };
  running.push(service);
  return service;
}

afterEach(async () => {
  vi.restoreAllMocks();
  for (const { server, model } of running.splice(0)) {
    if (server.listening) await closeService(server);
    model.dispose();
  }
});

const send = (url: string, body: string | Uint8Array<ArrayBuffer>, type = 'application/json') =>
  fetch(`${url}/predict`, { method: 'POST', body, headers: { 'content-type': type } });

const numbers = (...inputs: Float32Array[]) =>
  JSON.stringify({ instances: inputs.map((input) => Array.from(input)) });

/** Whatever it is: tests look closer. */
const jsonOf = async (response: Response) => JSON.parse(await response.text());

const plain = (value: unknown) => JSON.parse(JSON.stringify(value, listsOfNumbers));

async function expected(model: Running['model'], ...inputs: Float32Array[]) {
  return { predictions: plain(await predictEach(model, inputs)) };
}

describe('predictions', () => {
  test('are those of the model, of every task, whatever the input is sent as', async () => {
    const { url, model } = await start();
    // Values that a byte holds, so that the file is the same picture.
    const input = pixels(3);
    const file = await png(input);
    const answer = await expected(model, input);
    const rows = Array.from({ length: SIDE }, (_, row) =>
      Array.from(input.subarray(row * SIDE, (row + 1) * SIDE), (value) => [value]),
    );
    for (const response of [
      await send(url, numbers(input)),
      await send(url, JSON.stringify({ instances: [rows] })),
      await send(url, JSON.stringify({ instances: [{ b64: file.toString('base64') }] })),
      await send(url, new Uint8Array(file), 'image/png'),
      await send(url, new Uint8Array(file), 'application/octet-stream'),
    ]) {
      expect(response.status).toBe(200);
      expect(await response.json()).toEqual(answer);
    }
  });

  test('of many requests at once are made in few forward passes, each with its own answer', async () => {
    const { url, model } = await start({ maxWaitMs: 50 });
    const inputs = Array.from({ length: 16 }, (_, index) => pixels(index));
    const passes = vi.spyOn(model, 'predict');
    const responses = await Promise.all(inputs.map((input) => send(url, numbers(input))));
    expect(passes.mock.calls.length).toBeLessThanOrEqual(8);
    for (const [index, response] of responses.entries()) {
      const [found] = (await jsonOf(response)).predictions;
      const [own] = (await expected(model, inputs[index])).predictions;
      expect(found.kind.label).toBe(own.kind.label);
      for (const [place, probability] of own.kind.probabilities.entries()) {
        expect(found.kind.probabilities[place]).toBeCloseTo(probability, 5);
      }
    }
  });

  test('leave no tensors, and fail for one request only', async () => {
    const { url, model } = await start();
    const tensors = tf.memory().numTensors;
    const log = vi.spyOn(console, 'error').mockImplementation(() => undefined);
    vi.spyOn(model, 'predict').mockRejectedValueOnce(new Error('a secret of the inside'));
    const failed = await send(url, numbers(pixels(1)));
    expect(failed.status).toBe(500);
    expect(await failed.text()).not.toMatch(/secret/);
    expect(log).toHaveBeenCalledOnce();
    expect((await send(url, numbers(pixels(1)))).status).toBe(200);
    expect(tf.memory().numTensors).toBe(tensors);
  });
});

test('a request that does not fit does not spoil the others of its batch', async () => {
  const { url } = await start({ maxWaitMs: 100 });
  const responses = await Promise.all([
    send(url, numbers(pixels(1).subarray(1))),
    send(url, numbers(pixels(2))),
  ]);
  expect(responses.map(({ status }) => status)).toEqual([400, 200]);
});

describe('a service', () => {
  test('describes itself, says that it lives, and counts', async () => {
    const { url } = await start();
    await send(url, numbers(pixels(1), pixels(2)));
    await send(url, '{}');
    const health = await (await fetch(`${url}/health`)).json();
    expect(health).toEqual({
      status: 'ok',
      name: 'pictures',
      engine: tf.getBackend(),
      tasks: ['kind', 'things'],
    });
    const description = await jsonOf(await fetch(`${url}/openapi.json`));
    expect(Object.keys(description.paths)).toEqual(['/predict', '/health', '/metrics']);
    expect(Object.keys(description.components.schemas.Prediction.properties)).toEqual(['kind', 'things']);
    const metrics = await (await fetch(`${url}/metrics`)).text();
    expect(metrics).toContain('espalier_requests_total{route="/predict",status="200"} 1');
    expect(metrics).toContain('espalier_requests_total{route="/predict",status="400"} 1');
    expect(metrics).toMatch(/espalier_batch_examples_sum 2\n/);
    expect(metrics).toContain('process_resident_memory_bytes');
  });

  test('answers what has come before it ends, and takes nothing after', async () => {
    const { url, server } = await start({ maxWaitMs: 100 });
    const answers = Array.from({ length: 3 }, (_, index) => send(url, numbers(pixels(index))));
    await vi.waitFor(async () => expect(await connections(server)).toBe(3));
    await new Promise((resolve) => setTimeout(resolve, 30));
    await closeService(server);
    expect((await Promise.all(answers)).map(({ status }) => status)).toEqual([200, 200, 200]);
    await expect(fetch(`${url}/health`)).rejects.toThrow();
  });

  test('tells requests to come again when too many wait, or have waited too long', async () => {
    const { url, model } = await start({ maxWaiting: 4, maxBatch: 1, timeoutMs: 300 });
    const predict = model.predict.bind(model);
    vi.spyOn(model, 'predict').mockImplementation(async (inputs) => {
      await new Promise((resolve) => setTimeout(resolve, 200));
      return predict(inputs);
    });
    const responses = await Promise.all(
      Array.from({ length: 10 }, (_, index) => send(url, numbers(pixels(index)))),
    );
    const statuses = responses.map(({ status }) => status);
    expect(new Set(statuses)).toEqual(new Set([200, 503]));
    expect(statuses.filter((status) => status === 200).length).toBeGreaterThanOrEqual(2);
    const busy = responses.find(({ status }) => status === 503)!;
    expect(busy.headers.get('retry-after')).toBe('1');
    const reasons = await Promise.all(responses.filter((one) => one.status === 503).map((one) => one.text()));
    expect(reasons.some((reason) => /wait already/.test(reason))).toBe(true);
    expect(reasons.some((reason) => /has waited/.test(reason))).toBe(true);
  });
});

describe('what is not taken', () => {
  const cases: [
    what: string,
    body: string | Uint8Array<ArrayBuffer>,
    type: string,
    status: number,
    says: RegExp,
  ][] = [
    ['no JSON', '{"instances":', 'application/json', 400, /is no JSON/],
    ['no text', Uint8Array.of(0xff, 0xfe), 'application/json', 400, /is no JSON/],
    ['no instances', '[]', 'application/json', 400, /is not { "instances"/],
    ['other things', '{"instances":[[1]],"more":1}', 'application/json', 400, /is not { "instances"/],
    ['none', '{"instances":[]}', 'application/json', 400, /at least one/],
    ['too many', '{"instances":[[],[],[],[],[]]}', 'application/json', 413, /at most 4/],
    ['null', '{"instances":[null]}', 'application/json', 400, /instances\[0\] is neither/],
    ['too few numbers', '{"instances":[[1,2]]}', 'application/json', 400, /example 0 has 2 values/],
    ['no numbers', '{"instances":[["a"]]}', 'application/json', 400, /no list of numbers: it holds "a"/],
    ['too deep', '{"instances":[[[[[1]]]]]}', 'application/json', 400, /no list of numbers/],
    ['infinite', `{"instances":[[${Array(64).fill('1e999')}]]}`, 'application/json', 400, /Infinity/],
    ['no picture', 'hello', 'image/png', 400, /cannot be decoded/],
    ['nothing', '', 'image/png', 400, /cannot be decoded/],
    ['bad base64', '{"instances":[{"b64":"????"}]}', 'application/json', 400, /cannot be decoded/],
    ['a form', 'a=b', 'application/x-www-form-urlencoded', 415, /expected one of application\/json/],
    ['too large', 'x'.repeat(20_000), 'image/png', 413, /more than 16384 bytes/],
  ];
  test.each(cases)('%s', async (_what, body, type, status, says) => {
    const { url } = await start();
    const response = await send(url, body, type);
    const answer = await jsonOf(response);
    expect(answer).toMatchObject({ statusCode: status });
    expect(response.status).toBe(status);
    expect(answer.message).toMatch(says);
  });

  test('other places and other methods', async () => {
    const { url } = await start();
    expect((await fetch(`${url}/`)).status).toBe(404);
    expect((await fetch(`${url}/__proto__`)).status).toBe(404);
    const get = await fetch(`${url}/predict`);
    expect([get.status, get.headers.get('allow')]).toEqual([405, 'POST']);
    expect((await fetch(`${url}/health`, { method: 'HEAD' })).status).toBe(200);
  });

  test('requests that take too long to arrive', async () => {
    const { port } = await start({ timeoutMs: 300 });
    const beginnings = [
      '',
      'POST /pre',
      'POST /predict HTTP/1.1\r\nhost: a\r\n',
      'POST /predict HTTP/1.1\r\nhost: a\r\ncontent-type: image/png\r\ncontent-length: 9\r\n\r\n',
      'POST /predict HTTP/1.1\r\nhost: a\r\ncontent-type: image/png\r\ntransfer-encoding: chunked\r\n\r\n1\r\na\r\n',
    ];
    const answers = await Promise.all(
      beginnings.map((text) => exchange(port, Buffer.from(text), { end: false })),
    );
    for (const answer of answers) expect(answer).toMatch(/^HTTP\/1.1 408 /);
  });
});

describe('five thousand bad requests', () => {
  // Five seconds of work; many times that where other programs have the processors.
  test('each get 4xx; the service lives, and keeps nothing of them', { timeout: 300_000 }, async () => {
    const { port, url, server } = await start();
    const file = await png(pixels(1));
    expect((await send(url, numbers(pixels(1)))).status).toBe(200);
    const tensors = tf.memory().numTensors;
    const requests = fc.sample(badRequest(file), { seed: 7, numRuns: 5000 });
    let early = 0;
    for (let start = 0; start < requests.length; start += AT_ONCE) {
      if (start === 1000) early = heapInUse();
      await Promise.all(
        requests.slice(start, start + AT_ONCE).map(async ({ bytes, isWhole }) => {
          const answer = await exchange(port, bytes, { end: !isWhole });
          // Whoever hangs up in the middle, or sends line ends only, is not answered.
          if (!isWhole && answer === '') return;
          const sent = Buffer.from(bytes).toString('latin1', 0, 300);
          expect(answer, `what ${JSON.stringify(sent)} got`).toMatch(/^HTTP\/1.1 4\d\d /);
        }),
      );
    }
    expect((await send(url, numbers(pixels(1)))).status).toBe(200);
    expect(tf.memory().numTensors).toBe(tensors);
    expect(await (await fetch(`${url}/metrics`)).text()).toMatch(/espalier_waiting_examples 0\n/);
    // A kilobyte kept of each would be four megabytes.
    expect(heapInUse() - early).toBeLessThan(2e6);
    // Those that fetch keeps.
    await vi.waitFor(async () => expect(await connections(server)).toBeLessThanOrEqual(5));
  });
});

const AT_ONCE = 50;

interface BadRequest {
  readonly bytes: Uint8Array;
  /** Whether it is a whole request at least, so that there has to be an answer. */
  readonly isWhole: boolean;
}

function post(body: Uint8Array | string, type: string, headers = ''): BadRequest {
  const bytes = Buffer.from(body as string);
  const head =
    `POST /predict HTTP/1.1\r\nhost: a\r\nconnection: close\r\ncontent-type: ${type}\r\n` +
    `${headers || `content-length: ${bytes.length}\r\n`}\r\n`;
  return { bytes: Buffer.concat([Buffer.from(head), bytes]), isWhole: true };
}

/** Requests that a service of pictures cannot answer, of every kind. */
function badRequest(file: Buffer): fc.Arbitrary<BadRequest> {
  const json = (value: unknown) => post(JSON.stringify(value), 'application/json');
  const bytes = (maxLength: number) => fc.uint8Array({ minLength: 1, maxLength });
  const token = fc.stringMatching(/^[A-Za-z]{1,12}$/);
  const garbage = bytes(300).map((content) => ({ bytes: content, isWhole: false }));
  const line = fc
    .string({ maxLength: 80 })
    .map((text) => ({ bytes: Buffer.from(`${text}\r\n\r\n`), isWhole: false }));
  const wrongSize = fc.array(fc.float(), { maxLength: SIDE * SIDE - 1 });
  return fc.oneof(
    garbage,
    line,
    bytes(300).map((content) => post(content, 'application/json')),
    fc.string().map((text) => post(text, 'application/json')),
    fc.json().map((text) => post(text, 'application/json')),
    fc.array(fc.jsonValue(), { maxLength: 6 }).map((instances) => json({ instances })),
    fc.array(wrongSize, { maxLength: 6 }).map((instances) => json({ instances })),
    fc
      .nat(3000)
      .map((depth) => post(`{"instances":[${'['.repeat(depth)}${']'.repeat(depth)}]}`, 'application/json')),
    fc.string().map((b64) => json({ instances: [{ b64 }] })),
    bytes(300).map((content) => post(content, 'image/png')),
    fc.nat(file.length - 20).map((end) => post(file.subarray(0, end), 'image/png')),
    fc.nat({ max: 4000 }).map((more) => post(Buffer.alloc(16_385 + more), 'image/png')),
    fc.nat({ max: 4000 }).map((more) => {
      const content = 'x'.repeat(16_385 + more);
      const chunked = `${content.length.toString(16)}\r\n${content}\r\n0\r\n\r\n`;
      return post(chunked, 'image/png', 'transfer-encoding: chunked\r\n');
    }),
    fc.tuple(token, token).map(([kind, own]) => post('{}', `${kind}/${own}`)),
    token.map((path) => ({
      bytes: Buffer.from(`GET /${path} HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n`),
      isWhole: true,
    })),
    token.map((method) => ({
      bytes: Buffer.from(`${method} /predict HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n`),
      isWhole: true,
    })),
    fc.integer({ min: 17_000, max: 30_000 }).map((size) => ({
      bytes: Buffer.from(`GET /health HTTP/1.1\r\nhost: a\r\nx: ${'y'.repeat(size)}\r\n\r\n`),
      isWhole: true,
    })),
    // Fewer bytes than were said to come.
    fc
      .integer({ min: 2, max: 9000 })
      .map((said) => ({ ...post('x', 'image/png', `content-length: ${said}\r\n`), isWhole: false })),
    fc
      .stringMatching(/^[-+a-z0-9 ]{1,8}$/)
      .map((said) => post('x', 'image/png', `content-length: x${said}\r\n`)),
  );
}

/** Sends bytes, and hears what comes back. */
function exchange(port: number, bytes: Uint8Array, { end }: { end: boolean }): Promise<string> {
  return new Promise((resolve) => {
    let answer = '';
    const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true }, () => {
      socket.write(bytes);
      if (end) socket.end();
    });
    socket.setEncoding('latin1');
    socket.on('data', (text) => {
      answer += text;
      socket.end();
    });
    socket.on('end', () => socket.end());
    // Whoever sends too much may be hung up on while sending.
    socket.on('error', () => undefined);
    socket.on('close', () => resolve(answer));
  });
}

/** Bytes, after a collection of what is not in use. */
function heapInUse(): number {
  setFlagsFromString('--expose-gc');
  runInNewContext('gc')();
  return process.memoryUsage().heapUsed;
}

function connections(server: Server): Promise<number> {
  return new Promise((resolve, reject) =>
    server.getConnections((error, count) => (error ? reject(error) : resolve(count))),
  );
}
