const prefix = 'espalier-program-';

/** A folder that a dead process left is swept once it is this old: processes of other containers look dead too. */
const sweepAfterMs = 60_000;

let swept = false;

/**
 * Runs `use` with a folder of its own, which is gone afterwards.
 *
 * A process that is killed in between leaves its folder behind, with its process id in the name. The next process
 * that comes here removes it.
 */
export function withTemporaryFolder<T>(use: (folder: string) => T): T {
  const fs = process.getBuiltinModule('node:fs');
  const { join } = process.getBuiltinModule('node:path');
  const { tmpdir } = process.getBuiltinModule('node:os');
  if (!swept) {
    sweep(tmpdir());
    swept = true;
  }
  const folder = fs.mkdtempSync(join(tmpdir(), `${prefix}${process.pid}-`));
  try {
    return use(folder);
  } finally {
    fs.rmSync(folder, { recursive: true, force: true });
  }
}

/** Removes what processes that died left in this folder. */
export function sweep(parent: string): void {
  const fs = process.getBuiltinModule('node:fs');
  const { join } = process.getBuiltinModule('node:path');
  for (const name of fs.readdirSync(parent)) {
    const id = new RegExp(`^${prefix}(\\d+)-`).exec(name)?.[1];
    if (id === undefined || isAlive(Number(id))) continue;
    const folder = join(parent, name);
    try {
      if (Date.now() - fs.statSync(folder).mtimeMs > sweepAfterMs)
        fs.rmSync(folder, { recursive: true, force: true });
    } catch {
      // Another process was faster, or it is another user's.
    }
  }
}

function isAlive(id: number): boolean {
  try {
    process.kill(id, 0);
    return true;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}
