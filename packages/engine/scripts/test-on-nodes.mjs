/**
 * Runs the engine's tests on other versions of Node: `node scripts/test-on-nodes.mjs 22 24`.
 * npm's package `node` brings them.
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';

const root = join(import.meta.dirname, '../../..');
const run = (command, args, cwd) => spawnSync(command, args, { cwd, stdio: 'inherit' }).status === 0;

const versions = process.argv.slice(2);
const failed = (versions.length > 0 ? versions : ['20', '22', '24']).filter((version) => {
  const folder = join(root, 'node_modules/.cache/nodes', version);
  mkdirSync(folder, { recursive: true });
  const node = join(folder, 'node_modules/node/bin/node');
  return !(
    run('npm', ['install', '--no-save', '--silent', '--prefix', folder, `node@${version}`], folder) &&
    run(node, ['--version'], root) &&
    run(node, ['node_modules/vitest/vitest.mjs', 'run', '--project', 'wasm', 'packages/engine'], root)
  );
});
if (failed.length > 0) {
  console.error(`The engine's tests fail on Node ${failed.join(', ')}`);
  process.exitCode = 1;
}
