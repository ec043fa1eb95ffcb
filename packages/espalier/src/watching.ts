import { join } from 'node:path';
import { type Watcher, watchAll } from '@espalier/trainer';
import { consoleProgress, dashboard, tensorBoard } from '@espalier/trainer/node';

export interface WatchingOptions {
  /** Whether to serve a live page. */
  readonly dashboard?: boolean;
  /** The folder for TensorBoard's event files. */
  readonly tensorboard?: string;
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
