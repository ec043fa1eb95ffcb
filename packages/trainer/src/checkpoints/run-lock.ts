import { linkSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { FileError } from '../errors.js';

const NAME = 'run.lock';

/** Who trains in a folder. */
interface Holder {
  readonly pid: number;
  readonly host: string;
}

/** The folders that this process trains in. */
const held = new Set<string>();

/**
 * Keeps a run folder for this process. What a killed process has left is taken over.
 *
 * @returns what gives it back.
 * @throws FileError when another process trains in it, or one of another machine, of which nobody here knows whether it
 *   is alive.
 */
export function lockRun(folder: string): () => void {
  const file = join(folder, NAME);
  const temporary = `${file}.${process.pid}.tmp`;
  writeFileSync(temporary, JSON.stringify({ pid: process.pid, host: hostname() } satisfies Holder));
  try {
    for (;;) {
      try {
        // Unlike opening it, this makes the file with all that is in it, or not at all.
        linkSync(temporary, file);
        break;
      } catch (error) {
        if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
      }
      const holder = readHolder(file);
      if (holder !== undefined) refuseLiving(file, folder, holder);
      rmSync(file, { force: true });
    }
  } finally {
    rmSync(temporary, { force: true });
  }
  held.add(folder);
  return () => {
    held.delete(folder);
    rmSync(file, { force: true });
  };
}

/** `undefined` where it has gone in the meantime, or is no lock of ours. */
function readHolder(file: string): Holder | undefined {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as Holder;
  } catch {
    return undefined;
  }
}

function refuseLiving(file: string, folder: string, { pid, host }: Holder): void {
  const elsewhere = host !== hostname();
  if (!elsewhere && (pid === process.pid ? !held.has(folder) : !isAlive(pid))) return;
  throw new FileError(
    file,
    elsewhere
      ? `process ${pid} on ${host} trains in this folder, if it still lives, which this machine cannot see. Take another ` +
          'folder; or, if it is no more, delete this file.'
      : `process ${pid} on ${host} trains in this folder. Wait for it or stop it, or take another folder.`,
  );
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // Another user's is alive too.
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}
