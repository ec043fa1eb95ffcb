import { join } from 'node:path';
import { dashboard } from './dashboard/dashboard.js';
import { consoleProgress } from './progress.js';
import { tensorBoard } from './tensor-board/tensor-board.js';
import { type Watcher, watchAll } from './watcher.js';

export interface WatchingOptions {
  /** Whether to serve a live page. */
  readonly dashboard?: boolean | undefined;
  /** The folder for TensorBoard's event files. */
  readonly tensorboard?: string | undefined;
}

/** How trainings are watched. */
export interface Watching {
  /** By the name of the network that is trained. */
  watch(run: string): Watcher;
  close(): Promise<void>;
}

/** Watches on the console, and as the options say on a live page and in TensorBoard's files. */
export async function startWatching(title: string, options: WatchingOptions): Promise<Watching> {
  const page = options.dashboard ? await dashboard({ title }) : undefined;
  if (page) console.error(`Dashboard: ${page.url}`);
  return {
    watch: (run) =>
      watchAll(
        consoleProgress(run),
        ...(page ? [page.watch(run)] : []),
        ...(options.tensorboard === undefined ? [] : [tensorBoard(join(options.tensorboard, run))]),
      ),
    close: async () => page?.close(),
  };
}
