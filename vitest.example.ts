import { type SpawnSyncReturns, spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const script = fileURLToPath(new URL('scripts/example.mjs', import.meta.url));

/**
 * Runs `pnpm example` to its end, as a shell in this folder would.
 *
 * @param environment beside that of the tests; what is `undefined` is not set.
 */
export function runExample(
  folder: string,
  args: readonly string[],
  environment: Readonly<Record<string, string | undefined>> = {},
): SpawnSyncReturns<string> {
  // What vitest tells its own children is not for the example.
  const env = { ...process.env, NODE_OPTIONS: undefined, INIT_CWD: folder, ...environment };
  return spawnSync(process.execPath, [script, ...args], { cwd: folder, encoding: 'utf8', env });
}
