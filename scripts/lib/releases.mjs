/** What a release would publish: worked out in a worktree of its own, so that nothing here changes. */
import { cpSync, existsSync, mkdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { contents, pack } from './pack.mjs';
import { CommandFailed, quietly } from './run.mjs';
import { pnpm, publicPackages } from './workspace.mjs';

const changesets = fileURLToPath(new URL('../../node_modules/@changesets/cli/bin.js', import.meta.url));

/**
 * The committed state of a built workspace with its changesets applied, a release for each public package: whether the
 * registry lacks its version, which is when `changeset publish` publishes it, and its tarball and changelog.
 *
 * @param folder an empty folder to work in.
 */
export function plannedReleases(root, folder) {
  const tarballs = join(folder, 'tarballs');
  mkdirSync(tarballs);
  return versioned(root, join(folder, 'tree'), async (tree) => {
    const releases = [];
    for (const { path, manifest } of publicPackages(tree)) {
      const { name, version } = manifest;
      const tarball = await pack({ path }, tarballs);
      const changelog = join(path, 'CHANGELOG.md');
      releases.push({
        name,
        version,
        isNew: !(await isPublished(tree, name, version)),
        bytes: statSync(tarball).size,
        files: await contents(tarball),
        changes: existsSync(changelog) ? changesOf(readFileSync(changelog, 'utf8'), version) : '',
      });
    }
    return releases;
  });
}

async function versioned(root, tree, work) {
  const git = (...args) => quietly(['git', '-C', root, ...args]);
  await git('worktree', 'add', '--quiet', '--detach', tree, 'HEAD');
  try {
    await quietly([process.execPath, changesets, 'version'], { cwd: tree });
    for (const { folder, path } of publicPackages(root)) {
      const dist = join(path, 'dist');
      if (existsSync(dist)) cpSync(dist, join(tree, folder, 'dist'), { recursive: true });
    }
    const install = ['install', '--prefer-offline', '--ignore-scripts', '--no-frozen-lockfile'];
    await quietly([...pnpm, ...install], { cwd: tree });
    return await work(tree);
  } finally {
    await git('worktree', 'remove', '--force', tree);
  }
}

/** @throws CommandFailed when the workspace's registry does not answer. */
async function isPublished(tree, name, version) {
  try {
    const found = await quietly(['npm', 'view', `${name}@${version}`, 'version', '--json'], { cwd: tree });
    return found.trim() !== '';
  } catch (error) {
    if (error instanceof CommandFailed && error.output.includes('E404')) return false;
    throw error;
  }
}

/** The part of a changelog that belongs to a version, without its title. */
function changesOf(changelog, version) {
  const [, rest = ''] = changelog.split(`## ${version}\n`);
  return rest.split(/^## /m)[0].trim();
}
