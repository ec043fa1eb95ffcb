import { SingleBar } from 'cli-progress';

/** Where an install says how far it is. */
export interface Progress {
  /** A line about what happens now. */
  say(line: string): void;
  /** A stretch of work of a known size in bytes. */
  begin(label: string, total: number): Stretch;
}

export interface Stretch {
  /** How much is done, from the beginning of the stretch. */
  update(done: number): void;
  end(): void;
}

/** A bar on a terminal, lines elsewhere. */
export function progressOn(stream: NodeJS.WriteStream): Progress {
  return stream.isTTY ? bars(stream) : lines((line) => stream.write(`${line}\n`));
}

function bars(stream: NodeJS.WriteStream): Progress {
  return {
    say: (line) => stream.write(`${line}\n`),
    begin(label, total) {
      const bar = new SingleBar({
        stream,
        format: '{label} [{bar}] {percentage} % of {size}, {eta_formatted} left',
        hideCursor: true,
        etaBuffer: 50,
      });
      bar.start(total, 0, { label, size: megabytes(total) });
      return { update: (done) => bar.update(done), end: () => bar.stop() };
    },
  };
}

/** A line at the beginning and at every quarter: for logs. */
export function lines(write: (line: string) => void): Progress {
  return {
    say: write,
    begin(label, total) {
      write(`${label}: ${megabytes(total)}`);
      let quarters = 0;
      return {
        update(done) {
          const reached = Math.min(4, Math.floor((4 * done) / total));
          if (reached <= quarters) return;
          quarters = reached;
          write(`${label}: ${25 * quarters} %`);
        },
        end: () => undefined,
      };
    },
  };
}

export function megabytes(bytes: number): string {
  return bytes < 1e9 ? `${Math.ceil(bytes / 1e6)} MB` : `${(bytes / 1e9).toFixed(1)} GB`;
}
