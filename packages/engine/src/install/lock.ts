import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import lockfile from 'proper-lockfile';
import type { Progress } from './progress.js';

/**
 * Does something while no other process does it in this folder. The lock of a process that was killed counts for ten
 * seconds.
 */
export async function withLock<Result>(
  folder: string,
  progress: Progress,
  work: () => Promise<Result>,
): Promise<Result> {
  const unlock = await lock(folder, progress);
  try {
    return await work();
  } finally {
    await unlock().catch(() => undefined);
  }
}

async function lock(folder: string, progress: Progress): Promise<() => Promise<void>> {
  for (let waiting = false; ; waiting = true) {
    try {
      return await lockfile.lock(folder, {
        lockfilePath: join(folder, '.lock'),
        stale: 10_000,
        // Two that work at once are in no one's way but for time: each has a folder of its own.
        onCompromised: () => undefined,
      });
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'ELOCKED')) throw error;
      if (!waiting) progress.say('Waiting for another install to end.');
      await setTimeout(250);
    }
  }
}
