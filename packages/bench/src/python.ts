import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { PeerError } from './peer.js';

export const sourceOf = (file: string) => fileURLToPath(new URL(`../src/${file}`, import.meta.url));

/**
 * The Python of a throw-away environment, which goes when node_modules does.
 *
 * @param name Of the environment, and of the module that tells whether it is whole.
 * @param requirement What pip installs where it is not.
 * @throws PeerError where there is no Python, or no way to the package.
 */
export async function pythonWith(name: string, requirement: string): Promise<string> {
  const environment = fileURLToPath(new URL(`../node_modules/.cache/${name}`, import.meta.url));
  const python = `${environment}/bin/python`;
  if (existsSync(python)) {
    const works = await run(python, '-c', `import ${name}`).then(
      () => true,
      () => false,
    );
    if (works) return python;
  }
  process.stderr.write(`Installing ${requirement} in a virtual environment: this may take minutes.\n`);
  await run('python3', '-m', 'venv', '--clear', environment);
  await run(python, '-m', 'pip', 'install', '--quiet', requirement);
  return python;
}

async function run(command: string, ...args: string[]): Promise<void> {
  await promisify(execFile)(command, args, { maxBuffer: 2 ** 26 }).catch((error: Error) => {
    throw new PeerError(error.message.trim().split('\n').at(-1));
  });
}
