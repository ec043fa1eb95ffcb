import { readFile, stat } from 'node:fs/promises';
import { messageOf } from '@espalier/core';
import { CommandError } from '../errors.js';
import type { ReadInput } from '../read-input.js';

/** A file that was read. */
export interface ReadFile {
  readonly file: string;
  readonly bytes: Uint8Array;
  readonly input: Float32Array;
}

/** What happens to a file that cannot be read. */
export type OnBadExample = 'throw' | 'skip';

/** A larger file is none that a network reads at once. */
const MAX_BYTES = 1 << 28;

/** Reads files, and remembers those that could not be. */
export class FileReader {
  readonly leftOut: string[] = [];

  constructor(
    private readonly read: ReadInput,
    private readonly onBadExample: OnBadExample,
  ) {}

  /**
   * @returns those that could be read, in their order.
   * @throws CommandError for the first that could not, where they are not to be left out.
   */
  async readAll(files: readonly string[]): Promise<ReadFile[]> {
    const outcomes = await Promise.allSettled(files.map((file) => this.#read(file)));
    return outcomes.flatMap((outcome, index) => {
      if (outcome.status === 'fulfilled') return [outcome.value];
      this.#leaveOut(files[index] as string, outcome.reason);
      return [];
    });
  }

  async #read(file: string): Promise<ReadFile> {
    const { size } = await stat(file);
    if (size > MAX_BYTES) throw new CommandError(`it has ${size} bytes, more than ${MAX_BYTES}`);
    const bytes = await readFile(file);
    return { file, bytes, input: await this.read(bytes) };
  }

  #leaveOut(file: string, cause: unknown): void {
    const problem = `${file} cannot be read: ${messageOf(cause)}`;
    if (this.onBadExample === 'throw') {
      throw new CommandError(`${problem}. Mend it, or leave such files out with --on-bad-example skip`, {
        cause,
      });
    }
    console.error(`Left out: ${problem}`);
    this.leftOut.push(file);
  }
}
