import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmdirSync } from 'node:fs';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, onTestFinished, test } from 'vitest';
import { bundle } from './bundle.js';

// It brings its own engine, so once is enough.
describe.skipIf(inject('engine') !== 'wasm')('a training as a program', () => {
  let parent: string;
  let script: string;
  let expected: string;
  beforeAll(async () => {
    parent = await mkdtemp(join(tmpdir(), 'espalier-broken-off-'));
    script = join(parent, 'training.mjs');
    await bundle({ entryPoints: ['kill/training.ts'], outfile: script });
    expect(await train(join(parent, 'alone'))).toMatchObject({ code: 0 });
    expected = await losses(join(parent, 'alone'));
  }, 60_000);
  afterAll(() => rm(parent, { recursive: true, force: true }));

  interface Options {
    readonly name?: string;
    /** Is read with every example, and vanishes at step 7. */
    readonly file?: string;
    /** After how many milliseconds from the first step on, or from when it is stuck, it gets Ctrl-C. */
    readonly interrupts?: readonly number[];
  }

  function start(folder: string, { name = 'joint', file, interrupts = [] }: Options = {}) {
    const { NODE_OPTIONS: _, ...env } = process.env;
    const args = [script, name, folder, ...(file === undefined ? [] : [file])];
    const child = spawn(process.execPath, args, { env, stdio: ['ignore', 'pipe', 'pipe'] });
    let errors = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      errors += text;
    });
    let isCounting = false;
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      if (isCounting || !text.includes(name === 'stuck' ? '!' : '.')) return;
      isCounting = true;
      for (const delay of interrupts) setTimeout(() => child.kill('SIGINT'), delay);
    });
    const ended = once(child, 'close').then(([code]) => ({
      code: code as number | null,
      // tfjs greets whoever does without its native engine.
      errors: errors.replace(/\n=+\n.*\n=+\n/, ''),
    }));
    return { child, ended };
  }

  const train = (folder: string, options: Options = {}) => start(folder, options).ended;

  const losses = (folder: string) => readFile(join(folder, 'metrics.jsonl'), 'utf8');
  const checkpoints = async (folder: string) =>
    (await readdir(folder)).flatMap((name) => /^step-(\d+)\.safetensors$/.exec(name)?.[1] ?? []).map(Number);

  test('Ctrl-C finishes the step, saves, says so, and leaves with 130; it goes on from there', async () => {
    const folder = join(parent, 'interrupted');
    const { code, errors } = await train(folder, { interrupts: [0] });
    expect(code).toBe(130);
    const steps = (await losses(folder)).trim().split('\n').length;
    expect(steps).toBeLessThan(24);
    expect(errors.split('\n')).toEqual([
      'Finishing this step and saving. Once more leaves at once.',
      `InterruptedError: Training was interrupted after step ${steps}. It is saved, and can be resumed.`,
      '',
    ]);
    expect(await checkpoints(folder)).toContain(steps);
    expect(await train(folder)).toMatchObject({ code: 0, errors: '' });
    expect(await losses(folder)).toBe(expected);
  });

  test('a second Ctrl-C leaves at once', async () => {
    const folder = join(parent, 'twice');
    const { code, errors } = await train(folder, { name: 'stuck', interrupts: [0, 1000] });
    expect(code).toBe(130);
    expect(errors).toBe('Finishing this step and saving. Once more leaves at once.\n');
    expect(await train(folder)).toMatchObject({ code: 0 });
    expect(await losses(folder)).toBe(expected);
  });

  test('a data file that vanishes in the middle of an epoch: one error, exit code 1, the last checkpoint intact', async () => {
    const [folder, file] = [join(parent, 'vanished'), join(parent, 'vanished.bin')];
    await writeFile(file, 'data');
    const { code, errors } = await train(folder, { file });
    expect(code).toBe(1);
    expect(errors).toMatch(/^Error: ENOENT: .*vanished\.bin'\n$/);
    expect(await checkpoints(folder)).toContain(6);
    expect(await train(folder)).toMatchObject({ code: 0 });
    expect(await losses(folder)).toBe(expected);
  });

  test('two processes do not train in one folder; what a dead one has left is taken over', async () => {
    const folder = join(parent, 'locked');
    const { child, ended } = start(folder, { name: 'stuck' });
    while (!(await readdir(folder).catch(() => [] as string[])).includes('step-2.safetensors')) {
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    const second = await train(folder);
    expect(second.code).toBe(1);
    expect(second.errors).toMatch(
      /run\.lock: process \d+ on .* trains in this folder\. Wait for it or stop it/,
    );
    child.kill('SIGKILL');
    await ended;
    expect(await readdir(folder)).toContain('run.lock');
    expect(await train(folder)).toMatchObject({ code: 0, errors: '' });
    expect(await losses(folder)).toBe(expected);
    expect(await readdir(folder)).not.toContain('run.lock');

    await writeFile(join(folder, 'run.lock'), JSON.stringify({ pid: 1, host: `not-${hostname()}` }));
    expect((await train(folder)).errors).toMatch(/if it is no more, delete this file/);
  });

  const mounted = canMount();
  if (!mounted)
    console.warn('A full and a read-only disk are not tested: mounting a tmpfs is not allowed here.');

  test.skipIf(!mounted)(
    'a full disk and a read-only one: one error, exit code 1, the last checkpoint intact',
    async () => {
      const disk = await mkdtemp(join(parent, 'disk-'));
      mount('-t', 'tmpfs', '-o', 'size=700k', 'tmpfs', disk);
      onTestFinished(() => void execFileSync('umount', [disk]));
      const folder = join(disk, 'run');
      const full = await train(folder);
      expect(full.code).toBe(1);
      expect(full.errors).toMatch(
        /^FileError: .*: (the checkpoint )?cannot be written: ENOSPC.*make room or allow writing, and resume from[^\n]*\n$/s,
      );
      expect((await readdir(folder)).filter((name) => name.endsWith('.tmp'))).toEqual([]);
      const before = await checkpoints(folder);
      expect(before.length).toBeGreaterThan(0);

      mount('-o', 'remount,ro', disk);
      const readOnly = await train(folder);
      expect(readOnly.code).toBe(1);
      expect(readOnly.errors).toMatch(/^FileError: .*cannot be written: EROFS[^\n]*\n$/);
      expect(await checkpoints(folder)).toEqual(before);

      mount('-o', 'remount,rw,size=20m', disk);
      expect(await train(folder)).toMatchObject({ code: 0 });
      expect(await losses(folder)).toBe(expected);
    },
  );
});

function mount(...args: string[]): void {
  execFileSync('mount', args, { stdio: 'pipe' });
}

function canMount(): boolean {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return false;
  const folder = mkdtempSync(join(tmpdir(), 'espalier-mount-'));
  try {
    mount('-t', 'tmpfs', 'tmpfs', folder);
    execFileSync('umount', [folder]);
    return true;
  } catch {
    return false;
  } finally {
    rmdirSync(folder);
  }
}
