/**
 * What somebody gets who installs our packages: the tarballs, in an empty project, run and compiled against.
 * `node scripts/pack-test.mjs --all` installs each package alone, with npm, pnpm and yarn.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createChecks } from './lib/checks.mjs';
import { main, Refusal } from './lib/main.mjs';
import { pack } from './lib/pack.mjs';
import { build, install } from './lib/prepare.mjs';
import { compileProgram, createProject, lowest, managers, runProgram } from './lib/project.mjs';
import { programsIn } from './lib/readmes.mjs';
import { quietly } from './lib/run.mjs';
import { checkInstalledSize } from './lib/sizes.mjs';
import { temporaryFolder } from './lib/temporary.mjs';
import { publicPackages, root } from './lib/workspace.mjs';

/** What a person reads before they try. */
const README_LINES = 20;

const program = (name) => readFileSync(fileURLToPath(new URL(`pack-test/${name}`, import.meta.url)), 'utf8');

/** Builds and packs all public packages: the tarballs, by name. */
async function packAll(folder) {
  const members = publicPackages();
  await build(members.map(({ manifest }) => `${manifest.name}...`));
  const tarballs = new Map();
  for (const member of members) tarballs.set(member.manifest.name, await pack(member, folder));
  return tarballs;
}

/** What of ours a package brings or wants, itself included. */
function closure(names) {
  const all = publicPackages();
  const found = new Set(names);
  for (const name of found) {
    const { manifest } = all.find((member) => member.manifest.name === name);
    for (const other of Object.keys({ ...manifest.dependencies, ...manifest.peerDependencies })) {
      if (all.some((member) => member.manifest.name === other)) found.add(other);
    }
  }
  return all.filter(({ manifest }) => found.has(manifest.name)).map(({ manifest }) => manifest);
}

/** The peers that are not ours, at the lowest version that all of these packages allow. */
function peersOf(manifests) {
  const peers = manifests.flatMap(({ peerDependencies = {}, peerDependenciesMeta = {} }) =>
    Object.entries(peerDependencies).filter(([name]) => !peerDependenciesMeta[name]?.optional),
  );
  const theirs = peers.filter(([, range]) => !range.startsWith('workspace:'));
  return Object.fromEntries(theirs.map(([name, range]) => [name, lowest(range)]));
}

/** Entries that are for those who have an optional peer, and that peer. */
const optional = {
  '@espalier/losses/tensors': '@tensorflow/tfjs-core',
  '@espalier/trainer/queue': 'bullmq',
};

/** All that these packages export, imported and compiled; and their commands, asked for help. */
async function tryPackages(folder, manifests) {
  const installed = (name) => existsSync(join(folder, 'node_modules', name));
  const imports = manifests
    .flatMap(({ name, exports = {} }) => Object.keys(exports).map((entry) => entry.replace('.', name)))
    .filter((entry) => optional[entry] === undefined || installed(optional[entry]))
    .map(
      (entry, index) => `import * as entry${index} from '${entry}';\nObject.keys(entry${index})[0].length;\n`,
    );
  if (imports.length > 0) {
    await runProgram(folder, 'all.mjs', imports.join(''));
    await compileProgram(folder, 'all.ts', imports.join(''));
  }
  for (const { name, bin = {} } of manifests) {
    for (const command of Object.values(bin)) {
      await quietly([process.execPath, join('node_modules', name, command), '--help'], { cwd: folder });
    }
  }
}

/** A package and nothing else, but for what has to be installed with it. */
async function alone(folder, manager, manifest, tarballs, onOutput) {
  const manifests = closure([manifest.name]);
  // npm brings peers by itself. So does pnpm, but from the registry only, where ours are not yet.
  const wanted = manager === 'npm' ? [manifest.name] : manifests.map(({ name }) => name);
  const project = { wanted, tarballs, others: peersOf(manifests) };
  await createProject(folder, manager, project, onOutput);
  await tryPackages(folder, [manifest]);
}

export async function packTest(checks) {
  const folder = temporaryFolder();
  const run = (title, work) => checks.run(`pack test: ${title}`, work);
  const tarballs = await run('pack', () => packAll(folder));
  if (!tarballs) return;

  const losses = join(folder, 'losses');
  await run('losses alone', async (onOutput) => {
    await createProject(losses, 'npm', { wanted: ['@espalier/losses'], tarballs }, onOutput);
    await runProgram(losses, 'losses.mjs', program('losses.mjs'));
  });

  const both = join(folder, 'both');
  const names = ['@espalier/core', '@espalier/losses'];
  await run('core and losses', async (onOutput) => {
    await createProject(both, 'npm', { wanted: names, tarballs }, onOutput);
    await runProgram(both, 'both.mjs', program('both.mjs'));
  });
  await run('installed size', async () => checkInstalledSize(both, names));
  await run('types', () => compileProgram(both, 'both.ts', program('both.ts')));

  const readme = join(folder, 'readme');
  await run("the README's program", async (onOutput) => {
    const text = readFileSync(join(root, 'README.md'), 'utf8');
    const wanted = /^npm install (@espalier.*)$/m.exec(text)[1].split(' ');
    const [{ source }] = programsIn(text);
    const lines = source.match(/.+/g).length;
    if (lines > README_LINES) throw new Error(`It has ${lines} lines, more than ${README_LINES}.`);
    await createProject(readme, 'npm', { wanted, tarballs }, onOutput);
    const answer = await runProgram(readme, 'main.mjs', source);
    if (!answer.trim().endsWith('left inside')) throw new Error(`It prints ${JSON.stringify(answer)}.`);
    await compileProgram(readme, 'main.ts', source);
  });

  for (const manager of ['pnpm', 'yarn']) {
    await run(`everything, by ${manager}`, async (onOutput) => {
      const manifests = publicPackages().map(({ manifest }) => manifest);
      const together = join(folder, manager);
      const wanted = manifests.map(({ name }) => name);
      await createProject(together, manager, { wanted, tarballs, others: peersOf(manifests) }, onOutput);
      await tryPackages(together, manifests);
    });
  }

  const head = join(folder, 'my-head');
  await run('a new head', async (onOutput) => {
    const command = [process.execPath, join(root, 'scripts/create-head.mjs'), head, '--yes'];
    await quietly([...command, '--domain', 'text', '--kind', 'sequence'], { onOutput });
    await quietly(['npm', 'install', '--no-audit', '--no-fund'], { cwd: head, onOutput });
    await quietly(['npm', 'test'], { cwd: head, onOutput });
    await quietly(['npm', 'run', 'build'], { cwd: head, onOutput });
  });
}

/** Each package alone, with each package manager, its peers at their lowest versions. */
async function packTestAll(checks) {
  const folder = temporaryFolder();
  const tarballs = await packAll(folder);
  for (const manager of managers) {
    for (const { name, manifest } of publicPackages()) {
      await checks.run(`${manifest.name} alone, by ${manager}`, (onOutput) =>
        alone(join(folder, manager, name), manager, manifest, tarballs, onOutput),
      );
    }
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await main(async () => {
    const args = process.argv.slice(2);
    if (args.some((arg) => arg !== '--all'))
      throw new Refusal(`Unknown: ${args.join(' ')}. There is --all.`, 2);
    await install();
    const checks = createChecks();
    await (args.length === 0 ? packTest : packTestAll)(checks);
    return checks.report();
  });
}
