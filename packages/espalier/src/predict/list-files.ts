import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

/** What stands for the list in standard input. */
const STANDARD_INPUT = '-';

/**
 * The files that are meant: those named; of folders every file in them, hidden ones left out, in the order of their
 * names; and for `-` those that standard input lists, one a line. A file that is not there is given as it was named.
 */
export async function* listFiles(
  given: readonly string[],
  input: NodeJS.ReadableStream,
): AsyncGenerator<string> {
  for (const path of given) {
    if (path !== STANDARD_INPUT) yield* filesAt(path);
    else for await (const line of createInterface({ input })) if (line.trim() !== '') yield* filesAt(line);
  }
}

function* filesAt(path: string): Generator<string> {
  if (!existsSync(path) || !statSync(path).isDirectory()) {
    yield path;
    return;
  }
  for (const name of readdirSync(path).sort()) if (!name.startsWith('.')) yield* filesAt(join(path, name));
}
