/**
 * `pnpm release --dry-run` shows what would be published: versions, changelogs, tarballs. `pnpm release` publishes the
 * packages whose version the registry does not have, as `pnpm changeset version` has written it.
 */
import { cpSync, existsSync, mkdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { main, Refusal } from './lib/main.mjs';
import { contents, pack } from './lib/pack.mjs';
import { build, install } from './lib/prepare.mjs';
import { attached, quietly } from './lib/run.mjs';
import { step } from './lib/step.mjs';
import { temporaryFolder } from './lib/temporary.mjs';
import { pnpm, publicPackages, readJson, root, tool } from './lib/workspace.mjs';

const usage = `pnpm release --dry-run   what would be published; changes nothing
pnpm release             builds and publishes, with provenance; for CI, after \`pnpm changeset version\` was committed`;

const git = (...args) => quietly(['git', '-C', root, ...args]);

/** The committed state with its changesets applied, in a worktree of its own. */
async function versioned(folder, work) {
  const tree = join(folder, 'tree');
  await git('worktree', 'add', '--quiet', '--detach', tree, 'HEAD');
  try {
    await quietly([process.execPath, join(root, 'node_modules/@changesets/cli/bin.js'), 'version'], {
      cwd: tree,
    });
    for (const { folder: own, path } of publicPackages()) {
      if (existsSync(join(path, 'dist')))
        cpSync(join(path, 'dist'), join(tree, own, 'dist'), { recursive: true });
    }
    await quietly([...pnpm, 'install', '--prefer-offline', '--ignore-scripts', '--no-frozen-lockfile'], {
      cwd: tree,
    });
    return await work(tree);
  } finally {
    await git('worktree', 'remove', '--force', tree);
  }
}

/** The part of a changelog that belongs to a version, without its title. */
function changesOf(changelog, version) {
  const [, rest = ''] = changelog.split(`## ${version}\n`);
  return rest.split(/^## /m)[0].trim();
}

async function dryRun() {
  await install();
  if ((await git('status', '--porcelain', '--untracked-files=no')).trim() !== '') {
    console.log(
      'There are changes that are not committed: they are in dist/, and in nothing else shown here.',
    );
  }
  await build(publicPackages().map(({ manifest }) => manifest.name));
  const folder = temporaryFolder();
  const releases = await step('apply changesets and pack', () =>
    versioned(folder, async (tree) => {
      const out = join(folder, 'tarballs');
      mkdirSync(out);
      const found = [];
      for (const { folder: own, manifest: before } of publicPackages()) {
        const path = join(tree, own);
        const { name, version } = readJson(join(path, 'package.json'));
        const changelog = join(path, 'CHANGELOG.md');
        const tarball = await pack({ path }, out);
        found.push({
          name,
          version,
          isNew: version !== before.version,
          bytes: statSync(tarball).size,
          files: (await contents(tarball)).length,
          changes: existsSync(changelog) ? changesOf(readFileSync(changelog, 'utf8'), version) : '',
        });
      }
      return found;
    }),
  );
  const [going, staying] = [releases.filter(({ isNew }) => isNew), releases.filter(({ isNew }) => !isNew)];
  if (going.length === 0) console.log('Nothing would be published: no changeset is waiting.');
  for (const { name, version, bytes, files, changes } of going) {
    const size = `${(bytes / 1000).toFixed(1)} kB packed, ${files} files`;
    console.log(`\n${name}@${version}   ${size}\n${changes.replace(/^/gm, '    ')}`);
  }
  if (staying.length > 0) {
    console.log(`\nUnchanged: ${staying.map(({ name, version }) => `${name}@${version}`).join(', ')}`);
  }
  console.log(`\n${going.length} of ${releases.length} packages would be published. Nothing was changed.`);
  return 0;
}

async function release() {
  if (!process.env.CI) {
    throw new Refusal(
      'A release is published by CI, with provenance. To see what it would publish: pnpm release --dry-run',
    );
  }
  await install();
  await build(publicPackages().map(({ manifest }) => manifest.name));
  return attached(tool('changeset', 'publish'), { cwd: root, env: { NPM_CONFIG_PROVENANCE: 'true' } });
}

await main(() => {
  const args = process.argv.slice(2);
  if (args.length === 0) return release();
  if (args.length === 1 && args[0] === '--dry-run') return dryRun();
  if (args.length === 1 && args[0] === '--help') {
    console.log(usage);
    return 0;
  }
  throw new Refusal(`Unknown: ${args.join(' ')}\n\n${usage}`, 2);
});
