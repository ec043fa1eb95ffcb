import { get } from 'node:http';
import { join } from 'node:path';
import type { Heads } from '@espalier/core';
import { type Watcher, watchAll } from '@espalier/trainer';
import { consoleProgress, dashboard, tensorBoard } from '@espalier/trainer/node';

/** Everything that can be told how a training goes, with a page that is open. */
export async function everyWatcher<H extends Heads>(folder: string, tasks: readonly string[]) {
  const page = await dashboard({ title: 'bench' });
  const stream = new URL(page.url);
  stream.pathname = '/events';
  const listening = get(stream, (response) => response.resume());
  listening.on('error', () => undefined);
  const watcher: Watcher<H> = watchAll<H>(
    consoleProgress('bench'),
    tensorBoard(join(folder, 'tensorboard')),
    page.watch<H>('bench'),
  );
  watcher.begin?.(tasks);
  const end = async () => {
    watcher.end();
    listening.destroy();
    await page.close();
  };
  return { watcher, end };
}
