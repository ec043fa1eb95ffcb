/** A folder that is gone when the process is, however it ends. */
import { mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { constants, tmpdir } from 'node:os';
import { join } from 'node:path';

export function temporaryFolder() {
  const folder = mkdtempSync(join(realpathSync(tmpdir()), 'espalier-'));
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
    process.once(signal, () => process.exit(128 + constants.signals[signal]));
  }
  return folder;
}
