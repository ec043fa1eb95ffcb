/** What every published package's package.json has to say, and may not. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { lowest } from './project.mjs';
import { readJson } from './workspace.mjs';

/** What npm runs where a package is installed. */
const onInstall = ['preinstall', 'install', 'postinstall', 'prepare', 'preprepare', 'postprepare'];

/** What is wrong with a package's manifest. */
export function manifestProblems({ folder, manifest }) {
  const { scripts = {}, publishConfig = {}, repository = {}, keywords = [] } = manifest;
  const wrong = onInstall
    .filter((script) => script in scripts)
    .map((script) => `has the script ${script}, which would run where it is installed`);
  if (publishConfig.provenance !== true) wrong.push('lacks "provenance": true in publishConfig');
  if (publishConfig.access !== 'public') wrong.push('lacks "access": "public" in publishConfig');
  if (repository.directory !== folder) wrong.push(`lacks "directory": "${folder}" in repository`);
  if (manifest.type !== 'module') wrong.push('lacks "type": "module"');
  if (manifest.engines?.node === undefined) wrong.push('lacks the Node that it needs in engines');
  if (manifest.license === undefined || keywords.length === 0 || !manifest.description) {
    wrong.push('lacks a license, keywords or a description');
  }
  return wrong.map((problem) => `${manifest.name} ${problem}.`);
}

/**
 * Peers of others that the package's own tests run with in another version than the lowest that it allows: nobody would
 * notice what that version lacks.
 */
export function untestedPeers({ manifest, path }) {
  return Object.entries(manifest.peerDependencies ?? {})
    .filter(([, range]) => !range.startsWith('workspace:'))
    .flatMap(([name, range]) => {
      const installed = join(path, 'node_modules', name, 'package.json');
      // An optional peer may be no package of the registry's: native TensorFlow is compiled where it is used.
      if (!existsSync(installed)) return [];
      const { version } = readJson(installed);
      return version === lowest(range)
        ? []
        : [`${manifest.name} allows ${name} ${range}, but is tested with ${version}.`];
    });
}
