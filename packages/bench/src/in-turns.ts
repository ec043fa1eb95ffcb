import { median } from './numbers.js';

/** Calls what is measured for so many ms; gives the median ms of a call. */
export type Contestant = (ms: number) => number | Promise<number>;

/** The ms of one call: the median of the rounds, and each of them; or why there is none. */
export type Timing = { readonly ms: number; readonly rounds: readonly number[] } | { readonly error: string };

export interface Budget {
  readonly rounds: number;
  /** How long a round is. */
  readonly ms: number;
}

/** All in turns, so that what else the machine does meets them all. A first round of each is not counted. */
export async function inTurns<Name extends string>(
  contestants: Readonly<Partial<Record<Name, Contestant>>>,
  { rounds, ms }: Budget,
): Promise<Partial<Record<Name, Timing>>> {
  const entries = Object.entries(contestants) as [Name, Contestant][];
  const times = new Map(entries.map(([name]) => [name, [] as number[]]));
  const errors = new Map<Name, string>();
  for (let round = 0; round <= rounds; round++) {
    for (const [name, contestant] of entries) {
      if (errors.has(name)) continue;
      try {
        times.get(name)!.push(await contestant(ms));
      } catch (error) {
        errors.set(name, (error as Error).message);
      }
    }
  }
  const timing = (name: Name): Timing => {
    const error = errors.get(name);
    const counted = times.get(name)!.slice(1);
    return error === undefined ? { ms: median(counted), rounds: counted } : { error };
  };
  return Object.fromEntries(entries.map(([name]) => [name, timing(name)])) as Partial<Record<Name, Timing>>;
}

/** Calls `work` with 0, 1, ... for so many ms; gives the ms of one call: the median, which no interruption moves. */
export function repeat(work: (call: number) => void, ms: number): number {
  const times: number[] = [];
  const end = performance.now() + ms;
  for (let call = 0, start = performance.now(); start < end; call++) {
    work(call);
    const now = performance.now();
    times.push(now - start);
    start = now;
  }
  return median(times);
}
