/** `pnpm check`: everything that holds the workspace's habits, tests apart. All run, even if one fails. */
import { checkArchitecture } from './lib/architecture.mjs';
import { createChecks } from './lib/checks.mjs';
import { checkDocstrings } from './lib/docstrings.mjs';
import { checkLinks } from './lib/links.mjs';
import { main } from './lib/main.mjs';
import { contents, pack } from './lib/pack.mjs';
import { buildCommand, install } from './lib/prepare.mjs';
import { compileReadmes, runReadmes } from './lib/readmes.mjs';
import { quietly } from './lib/run.mjs';
import { buildSite } from './lib/site.mjs';
import { checkTarballSize } from './lib/sizes.mjs';
import { temporaryFolder } from './lib/temporary.mjs';
import { publicPackages, readJson, root, tool } from './lib/workspace.mjs';

/** Does it for each, also after one that fails, and fails then. */
async function forEach(items, work) {
  const errors = [];
  for (const item of items) await work(item).catch((error) => errors.push(error));
  if (errors.length > 0) throw new AggregateError(errors);
}

/** Every package has a version of its own, and every change that goes out has a changeset. */
async function changesets() {
  const { fixed, linked, baseBranch } = readJson(`${root}/.changeset/config.json`);
  if (fixed.length + linked.length > 0) {
    throw new Error(
      'Versions are independent: .changeset/config.json may not have `fixed` or `linked` packages.',
    );
  }
  const known = await quietly(['git', 'rev-parse', '--verify', baseBranch], { cwd: root }).catch(
    () => undefined,
  );
  // A clone of one commit has no base branch: then only the changesets themselves are read.
  await quietly(tool('changeset', 'status', ...(known ? [] : ['--since=HEAD'])), { cwd: root });
}

await main(async () => {
  await install();
  const checks = createChecks();
  const check = (title, ...command) =>
    checks.run(title, (onOutput) => quietly(tool(...command), { cwd: root, onOutput }));

  await check('format and lint', 'biome', 'check', '--colors=off', '--error-on-warnings');
  await check('types', 'tsc', '--noEmit');
  await check('types of the playground', 'tsc', '--noEmit', '--project', 'examples/playground');
  await checks.run('programs in READMEs', compileReadmes);
  await check('import directions', 'depcruise', 'packages', 'examples', '--config');
  await checks.run('picture of the packages', checkArchitecture);
  await check('unused code', 'knip', '--no-progress', '--no-config-hints');
  await checks.run('site and its links', buildSite);
  await checks.run('links between files', checkLinks);
  await checks.run('docstrings of exports', checkDocstrings);
  await checks.run('changesets', changesets);
  await checks.run('build', (onOutput) => quietly(buildCommand(), { cwd: root, onOutput }));

  await checks.run('programs in READMEs, run', runReadmes);

  const folder = temporaryFolder();
  const tarballs = new Map();
  const checkTarballs = (title, work) =>
    checks.run(title, () =>
      forEach(publicPackages(), async ({ manifest: { name } }) => {
        if (!tarballs.has(name)) throw new Error(`${name} could not be packed.`);
        await work(tarballs.get(name), name);
      }),
    );
  await checks.run('pack', () =>
    forEach(publicPackages(), async (member) =>
      tarballs.set(member.manifest.name, await pack(member, folder)),
    ),
  );
  await checkTarballs('licence and readme', async (tarball, name) => {
    const files = await contents(tarball);
    const missing = ['LICENSE', 'README.md'].filter((file) => !files.includes(file));
    if (missing.length > 0) throw new Error(`The tarball of ${name} lacks ${missing.join(' and ')}.`);
  });
  await checkTarballs('tarball sizes', async (tarball, name) => checkTarballSize(tarball, name));
  await checkTarballs('publint', (tarball) =>
    quietly(tool('publint', 'run', tarball, '--strict'), { cwd: root }),
  );
  const importable = new Set(
    publicPackages()
      .filter(({ manifest }) => manifest.exports !== undefined)
      .map(({ manifest }) => manifest.name),
  );
  await checkTarballs('are the types wrong', async (tarball, name) => {
    // A package that is only a command has nothing to import.
    if (importable.has(name)) await quietly(tool('attw', tarball, '--profile', 'esm-only'), { cwd: root });
  });
  return checks.report();
});
