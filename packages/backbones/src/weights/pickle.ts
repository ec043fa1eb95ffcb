import { WeightFileError } from '../errors.js';

/** What a pickle may call. */
type Constructor = (args: readonly unknown[]) => unknown;

export interface PickleOptions {
  /** The globals that it may name, by `module.name`; those that are functions may be called. */
  readonly globals: Readonly<Record<string, unknown>>;
  /** What stands for an object outside of the pickle, by its persistent id. */
  readonly persistent?: (id: unknown) => unknown;
}

const MARK = Symbol('mark');

/**
 * Reads one pickle of protocol 2, and nothing but what state dicts are made of: numbers, texts, tuples, lists, dicts
 * (as Map) and the given globals. Nothing is ever executed.
 *
 * @returns the object, and where the pickle ends.
 * @throws WeightFileError when the pickle holds anything else.
 */
export function readPickle(
  bytes: Uint8Array,
  start: number,
  { globals, persistent }: PickleOptions,
): { value: unknown; end: number } {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const stack: unknown[] = [];
  const memo = new Map<number, unknown>();
  let at = start;

  const take = (count: number) => {
    if (at + count > bytes.length) throw new WeightFileError('ends inside a pickle; it is not whole.');
    at += count;
    return at - count;
  };
  const text = (length: number) => {
    const from = take(length);
    return new TextDecoder().decode(bytes.subarray(from, from + length));
  };
  const line = () => {
    const end = bytes.indexOf(0x0a, at);
    if (end < 0) throw new WeightFileError('ends inside a pickle; it is not whole.');
    const found = text(end - at);
    at = end + 1;
    return found;
  };
  const pop = () => {
    if (stack.length === 0) throw new WeightFileError('holds a pickle that takes more than it has put.');
    return stack.pop();
  };
  const popMark = () => {
    const mark = stack.lastIndexOf(MARK);
    if (mark < 0) throw new WeightFileError('holds a pickle with a mark missing.');
    const items = stack.splice(mark);
    return items.slice(1);
  };
  const remember = (place: number) => memo.set(place, stack.at(-1));
  const recall = (place: number) => {
    if (!memo.has(place)) throw new WeightFileError(`holds a pickle that recalls place ${place}, never set.`);
    stack.push(memo.get(place));
  };
  const top = <T>(kind: new () => T): T => {
    const container = stack.at(-1);
    if (container instanceof kind) return container;
    throw new WeightFileError(`holds a pickle that adds to what is no ${kind.name}.`);
  };
  const setItems = (items: readonly unknown[]) => {
    const map = top(Map);
    for (let item = 0; item + 1 < items.length; item += 2) map.set(items[item], items[item + 1]);
  };

  const operations: Readonly<Record<number, () => void>> = {
    128: () => take(1), // PROTO
    40: () => stack.push(MARK),
    78: () => stack.push(null), // NONE
    136: () => stack.push(true),
    137: () => stack.push(false),
    74: () => stack.push(view.getInt32(take(4), true)), // BININT
    75: () => stack.push(view.getUint8(take(1))), // BININT1
    77: () => stack.push(view.getUint16(take(2), true)), // BININT2
    71: () => stack.push(view.getFloat64(take(8), false)), // BINFLOAT
    138: () => {
      const length = view.getUint8(take(1)); // LONG1
      const from = take(length);
      stack.push(long(bytes.subarray(from, from + length)));
    },
    88: () => stack.push(text(view.getUint32(take(4), true))), // BINUNICODE
    41: () => stack.push([]), // EMPTY_TUPLE
    93: () => stack.push([]), // EMPTY_LIST
    125: () => stack.push(new Map()), // EMPTY_DICT
    116: () => stack.push(popMark()), // TUPLE
    133: () => stack.push([pop()]), // TUPLE1
    134: () => stack.push([pop(), pop()].reverse()), // TUPLE2
    135: () => stack.push([pop(), pop(), pop()].reverse()), // TUPLE3
    97: () => {
      const item = pop();
      top<unknown[]>(Array).push(item); // APPEND
    },
    101: () => {
      const items = popMark();
      top<unknown[]>(Array).push(...items); // APPENDS
    },
    115: () => setItems([pop(), pop()].reverse()), // SETITEM
    117: () => setItems(popMark()), // SETITEMS
    113: () => remember(view.getUint8(take(1))), // BINPUT
    114: () => remember(view.getUint32(take(4), true)), // LONG_BINPUT
    104: () => recall(view.getUint8(take(1))), // BINGET
    106: () => recall(view.getUint32(take(4), true)), // LONG_BINGET
    99: () => {
      const name = `${line()}.${line()}`; // GLOBAL
      if (!Object.hasOwn(globals, name)) {
        throw new WeightFileError(
          `holds a ${name}, which is not read; write it anew with torch.save(model.state_dict(), file).`,
        );
      }
      stack.push(globals[name]);
    },
    82: () => {
      const args = pop(); // REDUCE
      const make = pop();
      if (typeof make !== 'function' || !Array.isArray(args)) {
        throw new WeightFileError('holds a pickle that calls what cannot be called.');
      }
      stack.push((make as Constructor)(args));
    },
    98: () => pop(), // BUILD: what is set on an OrderedDict is its modules' versions
    81: () => {
      if (persistent === undefined) throw new WeightFileError('holds a pickle with a persistent id.');
      stack.push(persistent(pop())); // BINPERSID
    },
  };

  for (;;) {
    const opcode = bytes[take(1)];
    if (opcode === 0x2e) return { value: pop(), end: at }; // STOP
    const operation = operations[opcode];
    if (operation === undefined) {
      throw new WeightFileError(
        `holds a pickle with the opcode 0x${opcode.toString(16)} at byte ${at - 1}, which no state dict has; ` +
          'write it anew with torch.save(model.state_dict(), file).',
      );
    }
    operation();
  }
}

/** A whole number of any length, little-endian in two's complement. */
function long(bytes: Uint8Array): bigint {
  let value = 0n;
  for (const byte of bytes.toReversed()) value = (value << 8n) | BigInt(byte);
  return BigInt.asIntN(8 * bytes.length, value);
}
