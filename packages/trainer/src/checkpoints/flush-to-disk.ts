import { open } from 'node:fs/promises';

/**
 * Waits until what a file holds is on the disk, or which names a folder holds.
 *
 * @param access `r+` for a file: some systems flush only for those who may write. A folder can only be read.
 */
export async function flushToDisk(path: string, access: 'r' | 'r+'): Promise<void> {
  const handle = await open(path, access);
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
