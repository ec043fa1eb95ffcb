import { link, mkdir, readdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { EngineError } from '../errors.js';
import { brokenOff } from './broken-off.js';
import type { Wheel } from './plan.js';
import type { Stretch } from './progress.js';
import { run } from './run.js';

/** What Python is called, wherever there is one that pip could be part of. */
const python = 'python3';

export async function hasPip(): Promise<boolean> {
  return (await run(python, ['-m', 'pip', '--version']))?.code === 0;
}

/**
 * Has pip download a wheel, which then lies at `part`. Where pip is stopped, or gives up, what it had by then lies
 * there, so that the rest can be fetched later: pip itself would begin anew.
 *
 * @param scratch A folder for pip's temporary files.
 */
export async function pipDownload(
  wheel: Wheel,
  part: string,
  scratch: string,
  stretch: Stretch,
): Promise<void> {
  const folder = join(scratch, 'pip');
  const temporary = join(folder, 'temporary');
  await mkdir(temporary, { recursive: true });
  const watch = setInterval(async () => {
    const file = (await findFile(temporary, wheel.file)) ?? '';
    // A second name for the file that pip writes to, which stays when pip removes its own.
    await link(file, part).catch(() => undefined);
    const size = (await stat(file).catch(() => undefined))?.size;
    if (size) stretch.update(size);
  }, 100);
  try {
    const ended = await run(python, pipArguments(wheel, folder, await requirements(wheel, folder)), {
      ...process.env,
      TMPDIR: temporary,
    });
    if (ended?.code !== 0) {
      const had = (await stat(part).catch(() => undefined))?.size ?? 0;
      // A whole file that pip refuses is of no use.
      if (had >= wheel.bytes) await rm(part);
      throw pipFailure(wheel, had, ended?.stderr ?? '');
    }
  } finally {
    clearInterval(watch);
  }
  await rename(join(folder, wheel.file), part);
}

/** The file's name says for which Python and which system it is: pip need not be of either. */
function pipArguments({ file }: Wheel, folder: string, requirements: string): string[] {
  const [, , pythons = '', abi = '', platforms = ''] = basename(file, '.whl').split('-');
  const [platform = ''] = platforms.split('.');
  const version = /^cp3\d+$/.test(pythons) ? `3.${pythons.slice(3)}` : '3.11';
  return [
    ...['-m', 'pip', 'download', '--no-deps', '--only-binary', ':all:', '--no-input'],
    ...['--progress-bar', 'off', '--disable-pip-version-check', '--dest', folder],
    ...['--python-version', version, '--implementation', 'cp', '--abi', abi, '--platform', platform],
    ...['--require-hashes', '--requirement', requirements],
  ];
}

/** Hashes can be given to pip in a file only. */
async function requirements({ project, file, sha256 }: Wheel, folder: string): Promise<string> {
  const path = join(folder, 'requirements.txt');
  await writeFile(path, `${project}==${file.split('-')[1]} --hash=sha256:${sha256}\n`);
  return path;
}

async function findFile(folder: string, name: string): Promise<string | undefined> {
  const found = await readdir(folder, { recursive: true }).catch(() => []);
  const path = found.find((path) => basename(path) === name);
  return path && join(folder, path);
}

function pipFailure(wheel: Wheel, had: number, stderr: string): EngineError {
  const options = { cause: new Error(stderr) };
  const mismatch = /DO NOT MATCH THE HASHES/.test(stderr);
  // pip calls this a mismatch as well.
  if (had > 0 && had < wheel.bytes) return brokenOff(wheel, had, options);
  if (mismatch) {
    return new EngineError(
      'native',
      `${wheel.file} has another SHA-256 than PyPI published, ${wheel.sha256}`,
      'The index that pip is set to gives another file out under that name: see `python3 -m pip config list`.',
      options,
    );
  }
  const last = stderr.split('\n').findLast((line) => line.includes('ERROR')) ?? stderr.trim();
  return new EngineError(
    'native',
    `pip did not download ${wheel.file}: ${last.replace(/^ERROR:\s*/, '')}`,
    pipRemedy(stderr),
    options,
  );
}

function pipRemedy(stderr: string): string {
  if (/No space left|Errno 28/.test(stderr)) return 'Free some disk space, or set ESPALIER_CACHE.';
  return 'Check the network and the index that pip is set to (`python3 -m pip config list`), then run it again; PyPI has it. If pip is old: `python3 -m pip install --upgrade pip`.';
}
