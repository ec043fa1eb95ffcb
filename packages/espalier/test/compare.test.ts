import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { freePorts } from '../../trainer/test/free-ports.js';
import { startRedis, withoutRedis } from '../../trainer/test/redis-server.js';
import { main } from '../src/main.js';
import { runMain } from './run-main.js';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'espalier-compare-'));
});
afterEach(() => rm(folder, { recursive: true }));

const experiment = fileURLToPath(new URL('points.config.mjs', import.meta.url));
const compare = (out: string, ...more: string[]) =>
  runMain('compare', experiment, '--engine', 'cpu', '--epochs', '1', '--out', join(folder, out), ...more);
const read = (name: string) => readFile(join(folder, name), 'utf8');

test('compares, goes on where it stopped, and says when the code is another', async () => {
  const first = await compare('grid', '--seeds', '1', '--json', join(folder, 'first.json'));
  expect(first.code).toBe(0);
  expect(first.out).toMatch(/^\| no\. \| sharing .*\n[\s\S]*\| sum \| upGrad \|/);
  expect(first.err).toContain('9 of 9: method__hard__sum__upGrad__1\n');
  expect(await readdir(join(folder, 'grid'))).toEqual(
    expect.arrayContaining(['pareto.svg', 'runs', 'summary.json', 'table.md']),
  );
  expect(await read('first.json')).toBe(await read('grid/summary.json'));

  const file = 'grid/runs/method__hard__sum__upGrad__1.json';
  await rm(join(folder, file));
  const second = await compare('grid', '--seeds', '1');
  expect(second.err.match(/\d of 9: \S+/g)).toEqual(['9 of 9: method__hard__sum__upGrad__1']);
  expect(second.out).toBe(first.out);
  expect(second.err).not.toContain('changed');

  const code = JSON.parse(await read('grid/code.json'));
  expect(Object.keys(code)).toEqual(
    expect.arrayContaining(['points.config.mjs', 'points.ts', '@espalier/trainer', '@tensorflow/tfjs-core']),
  );
  await writeFile(join(folder, 'grid/code.json'), JSON.stringify({ ...code, 'points.ts': 'other' }));
  const third = await compare('grid', '--seeds', '1');
  expect(third.err).toMatch(
    /Since the results in \S+grid were made, points\.ts changed\. They stay; to train all/,
  );
});

test.skipIf(withoutRedis)('a queue gives what the local run gives', async () => {
  const redis = await startRedis({ password: 's3cret' });
  try {
    const local = await compare('local');
    const before = process.listeners('SIGINT');
    const work = main(['worker', experiment, '--engine', 'cpu', '--epochs', '1', '--queue', redis.url]);
    const queued = await compare('queued', '--queue', redis.url);
    expect(queued).toMatchObject({ code: 0, out: local.out });
    expect(queued.err).toContain('18 of 18: ');
    expect(await read('queued/summary.json')).toBe(await read('local/summary.json'));
    expect(local.err + queued.err).not.toContain('s3cret');

    const [stop] = process.listeners('SIGINT').filter((listener) => !before.includes(listener));
    stop('SIGINT');
    expect(await work).toBe(0);
  } finally {
    await redis.stop();
  }
});

test('a queue that is not there, or not named, is one line', async () => {
  const url = `redis://me:s3cret@127.0.0.1:${await freePorts(1)}`;
  for (const { code, err } of [
    await compare('none', '--queue', url),
    await runMain('worker', experiment, '--engine', 'cpu', '--queue', url),
  ]) {
    expect(code).toBe(1);
    expect(err.trimEnd().split('\n').at(-1)).toMatch(
      /^The queue at redis:\/\/127\.0\.0\.1:\d+ cannot be used: connect ECONNREFUSED .*Start Redis or Valkey there/,
    );
    expect(err).not.toContain('s3cret');
  }
  expect(await runMain('worker', experiment)).toMatchObject({
    code: 2,
    err: 'A worker needs the queue: espalier worker --queue redis://host:6379\n',
  });
  expect(await compare('none', '--seeds', '1,x')).toMatchObject({
    code: 2,
    err: expect.stringMatching(
      /'--seeds <n,n,…>' argument '1,x' is invalid\. Expected a whole number from 0\./,
    ),
  });
});
