import { mkdir, mkdtemp, realpath, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, inject, test, vi } from 'vitest';
import { installedPackages } from '../src/doctor/packages.js';
import { runMain } from './run-main.js';

// What it says about engines is tested where it is made, and takes seconds.
vi.mock('@espalier/engine/doctor', () => ({
  examine: async (say: (line: string) => void) => say('engine  GFLOP/s'),
}));

let folder: string;
beforeEach(async () => {
  folder = await realpath(await mkdtemp(join(tmpdir(), 'espalier-doctor-')));
});
afterEach(() => rm(folder, { recursive: true }));

async function addPackage(place: string, name: string, version: string): Promise<string> {
  const own = join(folder, place, name);
  await mkdir(own, { recursive: true });
  await writeFile(join(own, 'package.json'), JSON.stringify({ name, version }));
  return own;
}

describe('packages', () => {
  const core = '@tensorflow/tfjs-core';

  test('of npm and of pnpm are found, each copy once', async () => {
    const top = await addPackage('node_modules', core, '4.22.0');
    const nested = await addPackage('node_modules/other/node_modules', core, '4.21.0');
    const stored = await addPackage('node_modules/.pnpm/x@1/node_modules', core, '4.20.0');
    await addPackage('node_modules/.pnpm/x@1/node_modules', 'x', '1.0.0');
    await symlink(join(folder, 'node_modules/.pnpm/x@1/node_modules/x'), join(folder, 'node_modules/x'));
    await writeFile(join(folder, 'node_modules/.pnpm/lock.yaml'), '');
    await mkdir(join(folder, 'below'));
    const found = installedPackages(join(folder, 'below'), (name) => name === core);
    expect(found.map((one) => one.folder).sort()).toEqual([top, nested, stored].sort());
    expect(found.map(({ version }) => version).sort()).toEqual(['4.20.0', '4.21.0', '4.22.0']);
  });

  test('that are there twice are wrong', async () => {
    await addPackage('node_modules', core, '4.22.0');
    await addPackage('node_modules', 'espalier', '1.2.3');
    const before = process.cwd();
    process.chdir(folder);
    try {
      const once = await runMain('doctor');
      expect(once).toMatchObject({ code: 0, out: expect.stringContaining('engine  GFLOP/s') });
      expect(once.out).toContain(`espalier 1.2.3, in ${folder}`);
      await addPackage('node_modules/espalier/node_modules', core, '4.21.0');
      expect(await runMain('doctor')).toMatchObject({
        code: 1,
        err: expect.stringMatching(/tfjs-core is there 2 times \(4\.2\S+ in .* npm dedupe\.\n$/),
      });
    } finally {
      process.chdir(before);
    }
  });
});

describe('a run', () => {
  test('that is finished, not finished, damaged, or none', async () => {
    const experiment = fileURLToPath(new URL('pictures.config.mjs', import.meta.url));
    const run = join(folder, 'run');
    await runMain('train', experiment, '--engine', inject('engine'), '--out', run);
    const finished = await runMain('doctor', run);
    expect(finished.out).toMatch(/Run of pictures, in \S+pictures\.config\.mjs: 1 epochs, seed 1, engine/);
    expect(finished.out).toMatch(/step-2\.safetensors: whole\nmetrics\.jsonl: 2 steps\nFinished\. Use it/);

    await rm(join(run, 'model.safetensors'));
    expect((await runMain('doctor', run)).out).toMatch(/Not finished\. Go on: espalier train --resume/);
    await writeFile(join(run, 'step-2.safetensors'), 'not this');
    expect(await runMain('doctor', run)).toMatchObject({
      code: 1,
      err: expect.stringMatching(
        /step-2\.safetensors: is no whole checkpoint.*has no whole checkpoint\. Begin anew/,
      ),
    });
    await writeFile(join(run, 'options.json'), '{');
    expect(await runMain('doctor', run)).toMatchObject({
      code: 1,
      err: expect.stringMatching(/options\.json cannot be read: .*Begin the run anew/),
    });
    expect(await runMain('doctor', folder)).toMatchObject({
      code: 1,
      err: expect.stringMatching(/has no options\.json, .*; name the folder of a run\.\n$/),
    });
    const file = join(run, 'metrics.jsonl');
    expect(await runMain('doctor', file)).toMatchObject({
      code: 1,
      err: `Wrong: ${file} is no folder; name the folder of a run.\n`,
    });
    expect(await runMain('doctor', join(folder, 'nowhere'))).toMatchObject({
      code: 1,
      err: expect.stringMatching(/there is no folder \S+nowhere/),
    });
  });
});
