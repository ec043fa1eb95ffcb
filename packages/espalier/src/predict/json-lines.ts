import { once } from 'node:events';
import { open, rename, rm } from 'node:fs/promises';
import { writing } from '../files.js';
import { listsOfNumbers } from '../json.js';

/** Where a JSON value a line goes. */
export interface JsonLines {
  write(value: unknown): Promise<void>;
  /** All is written. */
  finish(): Promise<void>;
  /** Not all is written, and nothing is to stay. */
  abandon(): Promise<void>;
}

/** To a file, which is there when all lines are; to standard output where it is undefined. */
export async function jsonLines(file: string | undefined): Promise<JsonLines> {
  if (file === undefined) return toStandardOutput;
  const temporary = `${file}.part`;
  const handle = await writing(file, () => open(temporary, 'w'));
  return {
    write: (value) => writing(file, () => handle.appendFile(lineOf(value))),
    finish: () =>
      writing(file, async () => {
        await handle.sync();
        await handle.close();
        await rename(temporary, file);
      }),
    async abandon() {
      await handle.close();
      await rm(temporary, { force: true });
    },
  };
}

const toStandardOutput: JsonLines = {
  async write(value) {
    if (!process.stdout.write(lineOf(value))) await once(process.stdout, 'drain');
  },
  finish: async () => undefined,
  abandon: async () => undefined,
};

function lineOf(value: unknown): string {
  return `${JSON.stringify(value, listsOfNumbers)}\n`;
}
