/** How large the packages may become. */
import { existsSync, readdirSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { readJson } from './workspace.mjs';

/** What `core` and `losses` put on a disk, what they depend on included and TensorFlow.js not. */
const INSTALLED_KB = 300;

/** A tarball's size: what a person downloads of a package. */
const TARBALL_KB = {
  '@espalier/backbones': 50,
  '@espalier/core': 35,
  '@espalier/datasets': 60,
  '@espalier/engine': 110,
  '@espalier/losses': 50,
  '@espalier/nlp-heads': 50,
  '@espalier/sharing': 50,
  '@espalier/trainer': 90,
  '@espalier/vision-heads': 50,
  'create-espalier-head': 30,
  espalier: 60,
};

/** @throws Error when a tarball is larger than its package's budget, or there is none. */
export function checkTarballSize(tarball, name) {
  const budget = TARBALL_KB[name];
  if (budget === undefined) throw new Error(`${name} has no budget; give it one in scripts/lib/sizes.mjs.`);
  checkSize(`The tarball of ${name}`, statSync(tarball).size, budget);
}

/** @throws Error when these packages, installed in a project, are larger than they may be. */
export function checkInstalledSize(project, names) {
  const folders = new Set();
  for (const name of names) addInstalled(folders, project, name);
  const size = [...folders].reduce((sum, folder) => sum + sizeOf(folder), 0);
  checkSize(
    `${names.join(' and ')} installed, with ${folders.size - names.length} others,`,
    size,
    INSTALLED_KB,
  );
}

function checkSize(what, bytes, budget) {
  const kilobytes = Math.ceil(bytes / 1000);
  if (kilobytes > budget) throw new Error(`${what} has ${kilobytes} kB; its budget is ${budget} kB.`);
}

/** A package's folder and those of what it depends on; peers are other people's. */
function addInstalled(folders, from, name) {
  const folder = join(from, 'node_modules', name);
  if (!existsSync(folder)) {
    if (dirname(from) === from) throw new Error(`${name} is not installed.`);
    addInstalled(folders, dirname(from), name);
    return;
  }
  if (folders.has(folder)) return;
  folders.add(folder);
  const { dependencies = {} } = readJson(join(folder, 'package.json'));
  for (const dependency of Object.keys(dependencies)) addInstalled(folders, folder, dependency);
}

/** Nested packages are counted by themselves. */
function sizeOf(folder) {
  return readdirSync(folder, { withFileTypes: true }).reduce((sum, entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return entry.name === 'node_modules' ? sum : sum + sizeOf(path);
    return sum + statSync(path).size;
  }, 0);
}
