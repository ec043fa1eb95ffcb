import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, rename, rm, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { addonFile, bindingFile, cacheFolder } from '../cache.js';
import { EngineError } from '../errors.js';
import { loadRemedy } from '../load-remedy.js';
import { type Compiler, compileAddon, compileBinding, findCompiler, zigCompiler } from './compile.js';
import { fetchWheel } from './fetch-wheel.js';
import { installedByPip, linkFiles } from './installed-by-pip.js';
import { withLock } from './lock.js';
import type { Plan, Wheel } from './plan.js';
import { megabytes, type Progress } from './progress.js';
import { tryBinding } from './try-binding.js';
import { unpack } from './unpack.js';

/** What an install came to. */
export interface Outcome {
  readonly folder: string;
  readonly tensorflow: string;
  /** Was it there already? */
  readonly already: boolean;
}

const scratchPrefix = '.install-';

/**
 * Carries out a plan. Everything happens in a folder beside the one that it is for, which it becomes at the end:
 * stopped at any moment, it leaves what was there before.
 *
 * @throws EngineError where it cannot be done.
 */
export async function install(plan: Plan, progress: Progress): Promise<Outcome> {
  const cache = cacheFolder();
  const folder = join(cache, plan.name);
  try {
    const before = await installed(folder);
    if (before) return before;
    await mkdir(cache, { recursive: true });
    return await withLock(cache, progress, async () => {
      // Another process may have done it while this one waited.
      const meanwhile = await installed(folder);
      if (meanwhile) return meanwhile;
      await sweep(cache);
      const scratch = await mkdtemp(join(cache, scratchPrefix));
      try {
        const trial = await tryBinding(join(folder, bindingFile));
        if ('tensorflow' in trial) {
          await complete(plan, folder, scratch, progress);
          return { folder, tensorflow: trial.tensorflow, already: false };
        }
        const staged = join(scratch, plan.name);
        const tensorflow = await assemble(plan, staged, scratch, progress);
        await replace(folder, staged, join(scratch, 'replaced'));
        await rm(downloads(cache), { recursive: true, force: true });
        return { folder, tensorflow, already: false };
      } finally {
        await rm(scratch, { recursive: true, force: true });
      }
    });
  } catch (error) {
    throw asEngineError(error, cache);
  }
}

/** Is there one that loads, with our addon? One that does not is replaced. */
async function installed(folder: string): Promise<Outcome | undefined> {
  const [binding, addon] = await Promise.all([
    tryBinding(join(folder, bindingFile)),
    tryBinding(join(folder, addonFile)),
  ]);
  return 'tensorflow' in binding && 'tensorflow' in addon
    ? { folder, tensorflow: binding.tensorflow, already: true }
    : undefined;
}

/** Puts the addon of this version into what another version of this package has installed. */
async function complete(plan: Plan, folder: string, scratch: string, progress: Progress): Promise<void> {
  const compiler = await hostCompiler(plan);
  if (!compiler) {
    await expectRoom([plan.zig!.wheel], scratch);
    const files = await fetchAll([plan.zig!.wheel], scratch, progress);
    for (const [wheel, file] of files) await unpack(wheel, file, scratch, progress);
  }
  progress.say("Compiling the engine's addon");
  await compileAddon(plan, compiler ?? zigCompiler(scratch, plan.zig!.target), folder, scratch);
  await rename(join(scratch, addonFile), join(folder, addonFile));
  await rm(downloads(cacheFolder()), { recursive: true, force: true });
  await expectToLoad(join(folder, addonFile));
}

/** Puts the libraries and the binding into a folder, and tries them. */
async function assemble(plan: Plan, folder: string, scratch: string, progress: Progress): Promise<string> {
  await mkdir(folder);
  const compiler = await hostCompiler(plan);
  const present = await installedByPip(plan);
  const wheels = [...(compiler ? [] : [plan.zig!.wheel]), ...(present ? [] : plan.wheels)];
  await expectRoom(wheels, scratch);
  const files = await fetchAll(wheels, scratch, progress);
  if (present) {
    progress.say(`Taking the TensorFlow that pip has installed, ${present.get(plan.libraries[0]!)}`);
    await linkFiles(present, folder);
  }
  for (const [wheel, file] of files) {
    await unpack(wheel, file, wheel === plan.zig?.wheel ? scratch : folder, progress);
  }
  const chosen: Compiler = compiler ?? zigCompiler(scratch, plan.zig!.target);
  progress.say(`Compiling the binding with ${compiler ? compiler.command : "PyPI's zig"}`);
  // Both to their ends, whatever one of them says: nothing goes on in a folder that is given up.
  const compiled = await Promise.allSettled([
    compileBinding(plan, chosen, folder),
    compileAddon(plan, chosen, folder),
  ]);
  for (const outcome of compiled) if (outcome.status === 'rejected') throw outcome.reason;
  await expectToLoad(join(folder, addonFile));
  return expectToLoad(join(folder, bindingFile));
}

async function expectToLoad(file: string): Promise<string> {
  const trial = await tryBinding(file);
  if ('tensorflow' in trial) return trial.tensorflow;
  throw new EngineError(
    'native',
    `the library that was installed does not load: ${trial.problem}`,
    loadRemedy(trial.problem),
  );
}

async function fetchAll(
  wheels: readonly Wheel[],
  scratch: string,
  progress: Progress,
): Promise<[Wheel, string][]> {
  const folder = downloads(cacheFolder());
  await mkdir(folder, { recursive: true });
  const files: [Wheel, string][] = [];
  for (const wheel of wheels) files.push([wheel, await fetchWheel(wheel, folder, scratch, progress)]);
  return files;
}

/** A rename takes no place of a folder that is there, so what does not load is moved away first. */
async function replace(folder: string, staged: string, away: string): Promise<void> {
  if (existsSync(folder)) await rename(folder, away);
  await rename(staged, folder);
}

/** Removes what installs that were killed have left; downloads stay, to go on from. */
async function sweep(cache: string): Promise<void> {
  const left = (await readdir(cache)).filter((name) => name.startsWith(scratchPrefix));
  // A compiler that the killed one has left behind may still be writing.
  const patiently = { recursive: true, force: true, maxRetries: 6, retryDelay: 200 };
  for (const name of left) await rm(join(cache, name), patiently);
}

function downloads(cache: string): string {
  return join(cache, '.downloads');
}

/** Rather now than after minutes. */
async function expectRoom(wheels: readonly Wheel[], folder: string): Promise<void> {
  const needed = wheels.reduce((sum, { bytes, unpacked }) => sum + bytes + unpacked, 0);
  const { bavail, bsize } = await statfs(folder);
  if (bavail * bsize < needed) {
    throw new EngineError(
      'native',
      `an install takes ${megabytes(needed)}, and the disk of ${cacheFolder()} has ${megabytes(bavail * bsize)} left`,
      diskRemedy,
    );
  }
}

const diskRemedy =
  'Free some disk space, or set ESPALIER_CACHE to a folder on another disk, and run it again.';

/** The one that this system has; undefined where zig is to be fetched. */
async function hostCompiler({ zig }: Plan): Promise<Compiler | undefined> {
  const compiler = await findCompiler();
  if (compiler || zig) return compiler;
  throw new EngineError(
    'native',
    'there is no C++ compiler, and none can be fetched for this system',
    'Install one (macOS: `xcode-select --install`), or name it in the variable CXX.',
  );
}

/** What the file system says no with. */
function asEngineError(error: unknown, cache: string): unknown {
  if (!(error instanceof Error && 'code' in error)) return error;
  if (error.code === 'ENOSPC' || error.code === 'EDQUOT') {
    return new EngineError('native', `the disk of ${cache} is full`, diskRemedy, { cause: error });
  }
  if (/^(EACCES|EPERM|EROFS|ENOTDIR|EEXIST)$/.test(String(error.code))) {
    const remedy = 'Set ESPALIER_CACHE to a folder that you may write to.';
    return new EngineError('native', `${cache} cannot be written to: ${error.message}`, remedy, {
      cause: error,
    });
  }
  return error;
}
