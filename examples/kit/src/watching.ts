import { join } from 'node:path';
import { type Watcher, watchAll } from '@espalier/trainer';
import { consoleProgress, dashboard, tensorBoard } from '@espalier/trainer/node';
import type { ExampleOptions } from './options.js';

/** How an example's trainings are watched. */
export interface Watching {
  /** For the `watch` of the trainer. */
  readonly watch: (run: string) => Watcher;
  close(): Promise<void>;
}

/** Watches on the console, and as the options say on a live page and in TensorBoard's files. */
export async function startWatching(
  example: string,
  options: Pick<ExampleOptions, 'dashboard' | 'tensorboard'>,
): Promise<Watching> {
  const page = options.dashboard ? await dashboard({ title: example }) : undefined;
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
