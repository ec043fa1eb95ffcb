/** Parts of about one size, in order. */
export function split<T>(items: readonly T[], parts: number): T[][] {
  const place = (part: number) => Math.floor((part * items.length) / parts);
  return Array.from({ length: parts }, (_, part) => items.slice(place(part), place(part + 1)));
}
