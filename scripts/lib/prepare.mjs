/** From a bare clone to built packages. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { quietly } from './run.mjs';
import { step } from './step.mjs';
import { pnpm, root, tool } from './workspace.mjs';

/** Installs, unless node_modules is what the lockfile says. */
export async function install() {
  const locked = join(root, 'pnpm-lock.yaml');
  const installed = join(root, 'node_modules/.pnpm/lock.yaml');
  if (existsSync(installed) && readFileSync(installed).equals(readFileSync(locked))) return;
  const command = [...pnpm, '--dir', root, 'install', '--frozen-lockfile', '--reporter=append-only'];
  await step('install dependencies', (onOutput) =>
    quietly([...command, '--config.confirmModulesPurge=false'], { onOutput }),
  );
}

/** Builds the packages that turbo's filters name, or all. Only what changed is built again. */
export async function build(filters, env = {}) {
  const selection = filters.map((filter) => `--filter=${filter}`);
  await step('build packages', (onOutput) => quietly(buildCommand(selection), { env, onOutput }));
}

export const buildCommand = (selection = []) =>
  tool(
    'turbo',
    'run',
    'build',
    '--cache=local:rw',
    '--output-logs=errors-only',
    '--log-order=grouped',
    ...selection,
  );
