import { spawn } from 'node:child_process';
import { join } from 'node:path';
import type { Heads } from '@espalier/core';
import { type Watcher, watchAll } from '@espalier/trainer';
import { consoleProgress, dashboard, tensorBoard } from '@espalier/trainer/node';

/** Reads what the page is told, as a browser would, in a process of its own. */
const READER = `require('node:http').get(process.argv[1], (response) => response.resume())`;

/** Everything that can be told how a training goes, with a page that is open. */
export async function everyWatcher<H extends Heads>(folder: string, tasks: readonly string[]) {
  const page = await dashboard({ title: 'bench' });
  const stream = new URL(page.url);
  stream.pathname = '/events';
  const reader = spawn(process.execPath, ['-e', READER, stream.href], { stdio: 'ignore' });
  const watcher: Watcher<H> = watchAll<H>(
    consoleProgress('bench'),
    tensorBoard(join(folder, 'tensorboard')),
    page.watch<H>('bench'),
  );
  watcher.begin?.(tasks);
  const end = async () => {
    watcher.end();
    await page.close();
    reader.kill();
  };
  return { watcher, end };
}
