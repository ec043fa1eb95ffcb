import { execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, rmSync, symlinkSync, utimesSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from 'tsup';
import { expect, onTestFinished, test, vi } from 'vitest';
import * as engine from '../src/index.js';
import { install } from '../src/install/install.js';
import { lines } from '../src/install/progress.js';
import { tryBinding } from '../src/install/try-binding.js';
import { fakeIndex } from './fake-index.js';
import { madeUpTensorflow } from './made-up-tensorflow.js';

const which = (program: string) =>
  execFileSync('sh', ['-c', `command -v ${program} || true`], { encoding: 'utf8' }).trim();
const runs = process.platform === 'linux' && which('c++') !== '';
if (!runs) console.warn('Killed installs are not tested: they need Linux and a C++ compiler.');

const kills = 24;

test.runIf(runs)('an install that is killed at any moment leaves either nothing or all of it', async () => {
  const { plan, wheel } = madeUpTensorflow();
  const index = await fakeIndex(plan.wheels[0]!, wheel);
  index.pieces = 6;
  const folder = mkdtempSync(join(tmpdir(), 'espalier-killed-'));
  // Inside the package, so that what is built finds its dependencies.
  const program = mkdtempSync(join(import.meta.dirname, '../node_modules/.killed-'));
  onTestFinished(() => {
    vi.unstubAllEnvs();
    index.close();
    for (const path of [folder, program, plan.tfjsNode.folder]) {
      rmSync(path, { recursive: true, maxRetries: 6, retryDelay: 200 });
    }
  });
  await build({
    config: false,
    entry: [join(import.meta.dirname, '../src/install/install.ts')],
    format: 'esm',
    outDir: program,
    silent: true,
    skipNodeModulesBundle: true,
  });
  // The compiler starts the other two; without Python there is no pip to wait for.
  for (const name of ['c++', 'as', 'ld']) symlinkSync(which(name), join(folder, name));
  vi.stubEnv('PATH', folder);
  vi.stubEnv('PIP_CONFIG_FILE', '/dev/null');
  vi.stubEnv('PIP_FIND_LINKS', '');
  vi.stubEnv('PIP_INDEX_URL', index.address);

  /** Installs in a process of its own, and kills it after a time. */
  const killed = (cache: string, milliseconds: number) =>
    new Promise<void>((resolve) => {
      const script = `import { install } from '${program}/install.js';
        await install(${JSON.stringify(plan)}, { say() {}, begin: () => ({ update() {}, end() {} }) });`;
      const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
        env: { ...process.env, ESPALIER_CACHE: cache },
        stdio: 'inherit',
      });
      const timer = setTimeout(() => child.kill('SIGKILL'), milliseconds);
      child.on('close', () => {
        clearTimeout(timer);
        resolve();
      });
    });

  const begun = performance.now();
  await killed(join(folder, 'whole'), 60_000);
  const whole = performance.now() - begun;
  expect(readdirSync(join(folder, 'whole', 'engine'))).toEqual([plan.name]);

  const stages = new Set<string>();
  let complete = 0;
  for (let kill = 0; kill < kills; kill++) {
    const cache = join(folder, `killed-${kill}`);
    vi.stubEnv('ESPALIER_CACHE', cache);
    await killed(cache, (whole * (kill + Math.random())) / kills);
    const binding = join(cache, 'engine', plan.name, 'tfjs_binding.node');
    if (existsSync(join(cache, 'engine', plan.name))) {
      complete++;
      expect(await tryBinding(binding)).toEqual({ tensorflow: '2.21.0' });
      continue;
    }
    expect(await engine.use('auto')).toMatchObject({
      engine: 'wasm',
      passedOver: [{ engine: 'native' }, { engine: 'webgpu' }],
    });
    const left = existsSync(join(cache, 'engine')) ? readdirSync(join(cache, 'engine')) : [];
    stages.add(left.map((name) => name.slice(0, 10)).join());
    if (kill % 4 > 0) continue;
    // Ten seconds later, the lock of the dead counts no more.
    if (left.includes('.lock')) utimesSync(join(cache, 'engine', '.lock'), 0, 0);
    await install(
      plan,
      lines(() => undefined),
    );
    expect(await tryBinding(binding)).toEqual({ tensorflow: '2.21.0' });
    expect(readdirSync(join(cache, 'engine'))).toEqual([plan.name]);
  }
  console.log(
    `${kills} kills within ${Math.round(whole)} ms: ${complete} complete; left: ${[...stages].join(' | ')}`,
  );
  expect(stages.size, 'stages at which it was killed').toBeGreaterThan(1);
});
