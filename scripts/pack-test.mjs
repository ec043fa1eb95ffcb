/**
 * What somebody gets who installs @espalier/core and @espalier/losses, and nothing else of ours: the
 * tarballs, installed by npm in an empty project, run and compiled against.
 */
import { copyFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createChecks } from './lib/checks.mjs';
import { main } from './lib/main.mjs';
import { pack } from './lib/pack.mjs';
import { buildCommand, install } from './lib/prepare.mjs';
import { quietly } from './lib/run.mjs';
import { checkInstalledSize } from './lib/sizes.mjs';
import { temporaryFolder } from './lib/temporary.mjs';
import { publicPackages, root } from './lib/workspace.mjs';

const programs = fileURLToPath(new URL('pack-test/', import.meta.url));
const typescript = join(root, 'node_modules/typescript/bin/tsc');

/** An empty project with these tarballs. npm brings the peers that they name, and nothing more. */
async function createProject(folder, tarballs, onOutput) {
  mkdirSync(folder);
  writeFileSync(join(folder, 'package.json'), '{ "name": "somebody", "private": true, "type": "module" }\n');
  await quietly(['npm', 'install', '--no-audit', '--no-fund', ...tarballs], { cwd: folder, onOutput });
}

function runProgram(folder, program) {
  copyFileSync(join(programs, program), join(folder, program));
  return quietly([process.execPath, program], { cwd: folder });
}

/** Without a look inside declaration files: TensorFlow.js's own do not compile under `strict`. */
function compileProgram(folder, program, module, moduleResolution) {
  copyFileSync(join(programs, program), join(folder, program));
  const resolution = ['--module', module, '--moduleResolution', moduleResolution];
  const options = ['--noEmit', '--strict', '--skipLibCheck', '--target', 'es2022', ...resolution];
  return quietly([process.execPath, typescript, ...options, program], { cwd: folder });
}

export async function packTest(checks) {
  const folder = temporaryFolder();
  const names = ['@espalier/core', '@espalier/losses'];
  const tarballs = await checks.run('pack test: pack core and losses', async (onOutput) => {
    await quietly(buildCommand(names.map((name) => `--filter=${name}...`)), { onOutput });
    const members = names.map((name) => publicPackages().find(({ manifest }) => manifest.name === name));
    return Promise.all(members.map((member) => pack(member, folder)));
  });
  if (!tarballs) return;

  const alone = join(folder, 'alone');
  await checks.run('pack test: losses alone', async (onOutput) => {
    await createProject(alone, tarballs.slice(1), onOutput);
    await runProgram(alone, 'losses.mjs');
  });

  const both = join(folder, 'both');
  await checks.run('pack test: core and losses', async (onOutput) => {
    await createProject(both, tarballs, onOutput);
    await runProgram(both, 'both.mjs');
  });
  await checks.run('pack test: installed size', async () => checkInstalledSize(both, names));
  for (const [module, resolution] of [
    ['node16', 'node16'],
    ['esnext', 'bundler'],
  ]) {
    await checks.run(`pack test: types, ${resolution}`, () =>
      compileProgram(both, 'both.ts', module, resolution),
    );
  }

  const head = join(folder, 'my-head');
  await checks.run('pack test: a new head', async (onOutput) => {
    const command = [process.execPath, join(root, 'scripts/create-head.mjs'), head, '--yes'];
    await quietly([...command, '--domain', 'text', '--kind', 'sequence'], { onOutput });
    await quietly(['npm', 'install', '--no-audit', '--no-fund'], { cwd: head, onOutput });
    await quietly(['npm', 'test'], { cwd: head, onOutput });
    await quietly(['npm', 'run', 'build'], { cwd: head, onOutput });
  });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await main(async () => {
    await install();
    const checks = createChecks();
    await packTest(checks);
    return checks.report();
  });
}
