/** `pnpm test`: every test of the workspace. `pnpm test packages/core` runs vitest on that part alone. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { createChecks } from './lib/checks.mjs';
import { main } from './lib/main.mjs';
import { install } from './lib/prepare.mjs';
import { attached } from './lib/run.mjs';
import { temporaryFolder } from './lib/temporary.mjs';
import { readJson, root, tool } from './lib/workspace.mjs';
import { packTest } from './pack-test.mjs';

/** Counts from vitest's own record. A file that does not load, or a crash, is a failure as well. */
async function vitest(args) {
  const record = join(temporaryFolder(), 'vitest.json');
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${record}`];
  const code = await attached(tool('vitest', 'run', ...reporters, ...args), { cwd: root });
  const {
    numPassedTests = 0,
    numFailedTests = 0,
    testResults = [],
  } = existsSync(record) ? readJson(record) : {};
  const unloaded = testResults.filter(
    ({ status, assertionResults }) =>
      status === 'failed' && assertionResults.every((test) => test.status !== 'failed'),
  );
  const failed = numFailedTests + unloaded.length;
  return { passed: numPassedTests, failed: code !== 0 || !existsSync(record) ? Math.max(failed, 1) : failed };
}

await main(async () => {
  const [first, ...rest] = process.argv.slice(2);
  const args = first === undefined || first === '--' ? rest : [first, ...rest];
  await install();
  const checks = createChecks();
  const tests = await vitest(args);
  if (args.length === 0) await packTest(checks);
  checks.passed += tests.passed;
  checks.failed += tests.failed;
  return checks.report();
});
