import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { plannedReleases } from '../lib/releases.mjs';
import { root } from '../lib/workspace.mjs';

const folder = mkdtempSync(join(tmpdir(), 'espalier-release-'));
const workspace = join(folder, 'workspace');
const git = (...args) => execFileSync('git', ['-C', workspace, ...args], { encoding: 'utf8' });
/** A registry that has @made-up/trunk 1.0.0 and nothing else. */
const registry = createServer((request, response) => {
  if (!/^\/@made-up(%2f|\/)trunk$/i.test(request.url)) return response.writeHead(404).end('{}');
  const trunk = { name: '@made-up/trunk', 'dist-tags': { latest: '1.0.0' } };
  return response.end(JSON.stringify({ ...trunk, versions: { '1.0.0': { ...trunk, version: '1.0.0' } } }));
});

function write(path, content) {
  const file = join(workspace, path);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, typeof content === 'string' ? content : JSON.stringify(content));
}

beforeAll(async () => {
  const manifest = (name, more) => ({ name, version: '1.0.0', type: 'module', files: ['dist'], ...more });
  await new Promise((resolve) => registry.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${registry.address().port}/`;
  write('.npmrc', `@made-up:registry=${url}\nfetch-retries=0\n`);
  write('package.json', { name: 'made-up', private: true });
  write('pnpm-workspace.yaml', 'packages: [packages/*]\n');
  write('.gitignore', 'node_modules\ndist\n');
  cpSync(join(root, '.changeset/config.json'), join(workspace, '.changeset/config.json'));
  write('.changeset/grow.md', "---\n'@made-up/branch': minor\n---\n\nGrow upwards.\n");
  write('packages/trunk/package.json', manifest('@made-up/trunk'));
  write('packages/trunk/dist/index.js', '');
  write(
    'packages/branch/package.json',
    manifest('@made-up/branch', { dependencies: { '@made-up/trunk': 'workspace:^' } }),
  );
  write('packages/branch/dist/index.js', '');
  write('packages/leaf/package.json', manifest('@made-up/leaf'));
  write('packages/secret/package.json', manifest('secret', { private: true }));
  git('init', '--quiet', '--initial-branch', 'main');
  git('add', '.');
  git('-c', 'user.name=a', '-c', 'user.email=a@b', 'commit', '--quiet', '--message', 'Begin');
});
afterAll(() => {
  registry.close();
  rmSync(folder, { recursive: true });
});

const plan = (name) => {
  mkdirSync(join(folder, name));
  return plannedReleases(workspace, join(folder, name));
};
const state = () => [
  git('status', '--porcelain', '--ignored'),
  git('rev-parse', 'HEAD'),
  git('worktree', 'list'),
];

test('a dry run tells versions, changes and files of what the registry lacks, and changes nothing', async () => {
  const before = state();
  const [branch, leaf, trunk, ...more] = await plan('first');
  expect(more).toEqual([]);
  expect(branch).toMatchObject({ name: '@made-up/branch', version: '1.1.0', isNew: true });
  expect(branch.changes).toMatch(/^### Minor Changes\n\n- [0-9a-f]{7}: Grow upwards\.$/);
  expect(branch.files.toSorted()).toEqual(['dist/index.js', 'package.json']);
  expect(branch.bytes).toBeGreaterThan(100);
  // As when its changesets were applied before.
  expect(leaf).toMatchObject({ name: '@made-up/leaf', version: '1.0.0', isNew: true, changes: '' });
  expect(trunk).toMatchObject({ name: '@made-up/trunk', version: '1.0.0', isNew: false, changes: '' });
  expect(state()).toEqual(before);
});

test('a registry that does not answer is no empty registry, and nothing is left behind', async () => {
  const before = state();
  await new Promise((resolve) => registry.close(resolve));
  await expect(plan('second')).rejects.toThrow(/npm view @made-up\/branch@1\.1\.0 .*ended with exit code 1/);
  expect(state()).toEqual(before);
});

test('outside CI nothing is published', () => {
  const script = join(root, 'scripts/release.mjs');
  const env = { ...process.env, CI: '' };
  const { status, stderr, stdout } = spawnSync(process.execPath, [script], { env, encoding: 'utf8' });
  expect([status, stdout]).toEqual([1, '']);
  expect(stderr).toBe(
    'A release is published by CI, with provenance. To see what it would publish: pnpm release --dry-run\n',
  );
});
