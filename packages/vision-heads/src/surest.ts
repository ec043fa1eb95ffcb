import TinyQueue from 'tinyqueue';

interface Scored {
  readonly place: number;
  readonly score: number;
}

/** Of all that is offered, the `limit` of the highest scores above `least`; of equals those that came first. */
export class Surest {
  readonly #limit: number;
  readonly #kept = new TinyQueue<Scored>([], (a, b) => a.score - b.score || b.place - a.place);
  #bar: number;

  constructor(limit: number, least: number) {
    this.#limit = limit;
    this.#bar = least;
  }

  /** Whether a score would be kept, so that what is dear to look at need not be offered in vain. */
  takes(score: number): boolean {
    return score > this.#bar;
  }

  /** @param place larger than those before. */
  offer(place: number, score: number): void {
    if (!this.takes(score)) return;
    if (this.#kept.length === this.#limit) this.#kept.pop();
    this.#kept.push({ place, score });
    if (this.#kept.length === this.#limit) this.#bar = this.#kept.peek()?.score ?? this.#bar;
  }

  /** The surest first. */
  ranked(): readonly Scored[] {
    return this.#kept.data.toSorted((a, b) => b.score - a.score || a.place - b.place);
  }
}
