/** For `JSON.stringify`: typed arrays, as predictions hold them, become lists. */
export function listsOfNumbers(_key: string, value: unknown): unknown {
  return ArrayBuffer.isView(value) && !(value instanceof DataView)
    ? Array.from(value as unknown as ArrayLike<number>)
    : value;
}
