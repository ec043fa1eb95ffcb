import { DatasetError } from './errors.js';

/** What happens to an example that cannot be learned from: an error at once, or it is left out, and told at the end. */
export type OnBadExample = 'throw' | 'skip';

/** An example that was left out. */
export interface BadExample {
  /** The file, with the line where there is one. */
  readonly where: string;
  /** What is wrong, the same words for the same fault. */
  readonly fault: string;
}

/** Collects the examples of a data set that cannot be learned from. */
export class BadExamples {
  readonly found: BadExample[] = [];

  constructor(readonly onBadExample: OnBadExample) {}

  /** @throws DatasetError where bad examples are to be thrown. */
  add(where: string, fault: string, detail = '', cause?: unknown): void {
    if (this.onBadExample === 'throw') {
      throw new DatasetError(
        `${where}: ${fault}${detail && `: ${detail}`}. Mend it, or set onBadExample: 'skip'.`,
        {
          cause,
        },
      );
    }
    this.found.push({ where, fault });
  }

  /** Prints how many of the examples are left out, and why. */
  report(source: string, count: number): void {
    if (this.found.length === 0) return;
    const faults = [...new Set(this.found.map(({ fault }) => fault))].map((fault) => {
      const places = this.found.filter((bad) => bad.fault === fault).map(({ where }) => where);
      const more = places.length > SHOWN ? ` and ${places.length - SHOWN} more` : '';
      return `${places.length} because ${fault} (${places.slice(0, SHOWN).join(', ')}${more})`;
    });
    console.warn(`${source}: ${this.found.length} of ${count} examples left out: ${faults.join('; ')}.`);
  }
}

const SHOWN = 5;
