import { appendFileSync } from 'node:fs';

/** How long what was appended may wait for being written, in milliseconds. */
const PATIENCE = 1000;

/** The files of this process for which something waits. */
const waiting = new Set<AppendedFile>();
let isListening = false;

/**
 * A file that grows by a little at every step. All of it together is made and written a second later at most, and when the
 * process exits: between two steps, each piece alone would take many times as long. What goes wrong in the meantime is
 * thrown by the next call.
 */
export class AppendedFile {
  #pieces: (() => Uint8Array)[] = [];
  #due = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #failure: unknown;

  /** Makes the file, where there is none. */
  constructor(private readonly path: string) {
    appendFileSync(path, '');
    if (isListening) return;
    isListening = true;
    process.on('exit', () => {
      for (const file of waiting) file.#write();
    });
  }

  /** @param piece gives the bytes when they are written. */
  append(piece: () => Uint8Array): void {
    this.#throwFailure();
    if (this.#pieces.length === 0) this.#begin();
    this.#pieces.push(piece);
    // A loop that never pauses lets no timer through.
    if (performance.now() >= this.#due) this.flush();
  }

  /** Writes what waits. */
  flush(): void {
    this.#throwFailure();
    this.#write();
    this.#throwFailure();
  }

  #begin(): void {
    waiting.add(this);
    this.#due = performance.now() + PATIENCE;
    this.#timer = setTimeout(() => this.#write(), PATIENCE);
  }

  #write(): void {
    clearTimeout(this.#timer);
    waiting.delete(this);
    const pieces = this.#pieces;
    this.#pieces = [];
    if (pieces.length === 0) return;
    try {
      appendFileSync(this.path, Buffer.concat(pieces.map((piece) => piece())));
    } catch (cause) {
      this.#failure = cause;
    }
  }

  #throwFailure(): void {
    if (this.#failure !== undefined) throw this.#failure;
  }
}
