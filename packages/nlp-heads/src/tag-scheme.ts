import { type Entity, entitiesOf, parseTag } from './metrics/entities.js';

/** How tags mark entities: begin and inside, or begin, inside, end and single. */
export type TagScheme = 'IOB2' | 'BIOES';

/**
 * Whether one tag may come after another.
 *
 * @param before `undefined` where the sentence begins.
 * @param tag `undefined` where it ends.
 */
export function mayFollow(scheme: TagScheme, before: string | undefined, tag: string | undefined): boolean {
  const last = parseTag(before ?? 'O');
  const next = parseTag(tag ?? 'O');
  const continues = ['I', 'E'].includes(next.prefix);
  const isOpen = ['B', 'I'].includes(last.prefix);
  if (continues) return isOpen && last.type === next.type;
  return scheme === 'IOB2' || !isOpen;
}

/** The place of the first tag that breaks the scheme, as long as the sentence where it ends too early; −1 if none. */
export function brokenAt(scheme: TagScheme, tags: readonly string[]): number {
  return [...tags, undefined].findIndex((tag, place) => !mayFollow(scheme, tags[place - 1], tag));
}

/** The same entities, as `entitiesOf` reads them leniently, in tags that keep the scheme. */
export function repairTags(scheme: TagScheme, tags: readonly string[]): string[] {
  const repaired = tags.map(() => 'O');
  for (const { type, start, end } of entitiesOf(tags)) {
    for (let place = start; place < end; place++)
      repaired[place] = `${prefixAt(scheme, { start, end }, place)}-${type}`;
  }
  return repaired;
}

function prefixAt(scheme: TagScheme, { start, end }: Pick<Entity, 'start' | 'end'>, place: number): string {
  if (scheme === 'IOB2') return place === start ? 'B' : 'I';
  if (end - start === 1) return 'S';
  if (place === start) return 'B';
  return place === end - 1 ? 'E' : 'I';
}
