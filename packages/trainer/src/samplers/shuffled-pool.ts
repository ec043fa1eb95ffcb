import { randomAt } from './seeds.js';

/** Which example, and how often the others of its pool were all drawn before. */
export interface Draw {
  readonly index: number;
  readonly epoch: number;
  /** The only tasks whose labels count; all unless given. */
  readonly tasks?: readonly string[];
}

/** Examples that are drawn again and again: each pass gives each of them once, in a new order. */
export class ShuffledPool {
  readonly #members: Int32Array;
  readonly #seed: number;
  readonly #stream: number;
  #order = new Int32Array();
  #epoch = -1;

  /** @param stream tells the orders of pools with one seed apart. */
  constructor(members: Int32Array, seed: number, stream: number) {
    this.#members = members;
    this.#seed = seed;
    this.#stream = stream;
  }

  get size(): number {
    return this.#members.length;
  }

  /** The draw after `drawn` others. */
  draw(drawn: number): Draw {
    const epoch = Math.floor(drawn / this.size);
    if (epoch !== this.#epoch) {
      this.#order = shuffledOrder(this.#members, randomAt(this.#seed, this.#stream, epoch));
      this.#epoch = epoch;
    }
    return { index: this.#order[drawn % this.size], epoch };
  }
}

/** The members in random order (R. Durstenfeld, algorithm 235, CACM 1964). */
export function shuffledOrder(members: Int32Array, random: () => number): Int32Array<ArrayBuffer> {
  const order = Int32Array.from(members);
  for (let last = order.length - 1; last > 0; last--) {
    const other = Math.floor(random() * (last + 1));
    // As long as the code is cold, exchanging the two as a list takes twice the time: once an epoch, of all its examples.
    const member = order[last];
    order[last] = order[other];
    order[other] = member;
  }
  return order;
}
