/**
 * Computes once for the same arguments: all metrics of a head are asked about the same lists, one after another. Of each
 * first argument the last answer is known, as long as that argument is.
 */
export function once<Key extends object, Rest extends readonly unknown[], Answer>(
  compute: (key: Key, ...rest: Rest) => Answer,
): (key: Key, ...rest: Rest) => Answer {
  const known = new WeakMap<Key, { readonly rest: Rest; readonly answer: Answer }>();
  return (key, ...rest) => {
    const last = known.get(key);
    if (last?.rest.every((value, place) => value === rest[place])) return last.answer;
    const answer = compute(key, ...rest);
    known.set(key, { rest, answer });
    return answer;
  };
}
