/**
 * `pnpm release --dry-run` shows what would be published: versions, changelogs, tarballs. `pnpm release` publishes the
 * packages whose version the registry does not have, as `pnpm changeset version` has written it.
 */
import { main, Refusal } from './lib/main.mjs';
import { build, install } from './lib/prepare.mjs';
import { plannedReleases } from './lib/releases.mjs';
import { attached, quietly } from './lib/run.mjs';
import { step } from './lib/step.mjs';
import { temporaryFolder } from './lib/temporary.mjs';
import { publicPackages, root, tool } from './lib/workspace.mjs';

const usage = `pnpm release --dry-run   what would be published; changes nothing
pnpm release             builds and publishes, with provenance; for CI, after \`pnpm changeset version\` was committed`;

async function dryRun() {
  await install();
  const status = ['git', '-C', root, 'status', '--porcelain', '--untracked-files=no'];
  if ((await quietly(status)).trim() !== '') {
    console.log(
      'There are changes that are not committed: they are in dist/, and in nothing else shown here.',
    );
  }
  await build(publicPackages().map(({ manifest }) => manifest.name));
  const releases = await step('apply changesets and pack', () => plannedReleases(root, temporaryFolder()));
  const [going, staying] = [releases.filter(({ isNew }) => isNew), releases.filter(({ isNew }) => !isNew)];
  for (const { name, version, bytes, files, changes } of going) {
    const lines = [changes, '', `${files.length} files: ${files.join(', ')}`].join('\n');
    console.log(`\n${name}@${version}   ${(bytes / 1000).toFixed(1)} kB packed`);
    console.log(lines.trim().replace(/^(?=.)/gm, '    '));
  }
  if (staying.length > 0) {
    console.log(`\nOn the registry: ${staying.map(({ name, version }) => `${name}@${version}`).join(', ')}`);
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
