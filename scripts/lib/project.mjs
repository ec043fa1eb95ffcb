/** A project of somebody else, in which tarballs of ours are installed. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { quietly } from './run.mjs';
import { pnpm, root } from './workspace.mjs';

const typescript = join(root, 'node_modules/typescript/bin/tsc');

const installs = {
  npm: ['npm', 'install', '--no-audit', '--no-fund'],
  // Started as the one that calls: the workspace's own settings are not for this project.
  pnpm: [...pnpm, 'install', '--ignore-workspace', '--no-frozen-lockfile'],
  // With a cache of its own: yarn's takes another build of the same version for the same.
  yarn: [
    ...['npx', '--yes', 'yarn@1.22.22', 'install', '--non-interactive', '--no-progress'],
    ...['--cache-folder', '.yarn-cache'],
  ],
};
export const managers = Object.keys(installs);

/** The lowest version that a range such as ^4.22.0 || ^5.0.0 allows. */
export const lowest = (range) => range.split(' || ')[0].replace(/^(\^|~|>=)/, '');

/**
 * Installs packages in an empty project, as their README says. Tarballs stand for what of ours the registry would bring.
 *
 * @param wanted names of packages, installed in this project's name.
 * @param tarballs of all our packages, by name.
 * @param others what is installed beside them: versions by name.
 */
export async function createProject(folder, manager, { wanted, tarballs, others = {} }, onOutput) {
  const ours = [...tarballs].map(([name, tarball]) => [name, `file:${tarball}`]);
  const isWanted = ([name]) => wanted.includes(name);
  const dependencies = { ...Object.fromEntries(ours.filter(isWanted)), ...others };
  const rest = Object.fromEntries(ours.filter((entry) => !isWanted(entry)));
  const all = Object.fromEntries(ours);
  const stand = { npm: { overrides: rest }, pnpm: { pnpm: { overrides: all } }, yarn: { resolutions: all } };
  const manifest = { name: 'somebody', private: true, type: 'module', dependencies, ...stand[manager] };
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'package.json'), JSON.stringify(manifest, null, 2));
  await quietly(installs[manager], { cwd: folder, onOutput });
}

/** Runs a program in the project. */
export function runProgram(folder, name, source) {
  writeFileSync(join(folder, name), source);
  return quietly([process.execPath, name], { cwd: folder });
}

/** As TypeScript users resolve modules: in Node, and with a bundler. */
const resolutions = { node16: 'node16', bundler: 'esnext' };

/** Compiles a program, but no declaration files: TensorFlow.js's own do not compile under `strict`. */
export async function compileProgram(folder, name, source) {
  writeFileSync(join(folder, name), source);
  for (const [resolution, module] of Object.entries(resolutions)) {
    const options = ['--noEmit', '--strict', '--skipLibCheck', '--target', 'es2022'];
    const how = ['--module', module, '--moduleResolution', resolution];
    await quietly([process.execPath, typescript, ...options, ...how, name], { cwd: folder });
  }
}
