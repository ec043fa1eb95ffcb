/** An entity in a sentence: tokens `start` to `end`, the end not included. */
export interface Entity {
  readonly type: string;
  readonly start: number;
  readonly end: number;
}

/** How tags that break their scheme are read. */
export type EntityMode =
  /** As `conlleval` does: an entity may begin with I-, and B-, I-, E- and S- are all understood. */
  | 'lenient'
  /** IOB2 to the letter: an entity begins with B-, and an I- that does not continue one is nothing. */
  | 'strict';

/** The entities that tags such as `B-PER`, `I-PER` and `O` mark, in order. */
export function entitiesOf(tags: readonly string[], mode: EntityMode = 'lenient'): Entity[] {
  const [starts, ends] =
    mode === 'strict' ? [startsStrictly, endsStrictly] : [startsLeniently, endsLeniently];
  const entities: Entity[] = [];
  let start: number | undefined;
  let before = OUTSIDE;
  for (const [place, tag] of [...tags, 'O'].entries()) {
    const now = parseTag(tag);
    if (start !== undefined && ends(before, now)) {
      entities.push({ type: before.type, start, end: place });
      start = undefined;
    }
    if (starts(before, now)) start = place;
    before = now;
  }
  return entities;
}

interface ParsedTag {
  readonly prefix: string;
  readonly type: string;
}

const OUTSIDE: ParsedTag = { prefix: 'O', type: '' };

/** `B-PER` as B and PER; a type may hold hyphens, and a lone `B` has the type `_`, as in seqeval. */
export function parseTag(tag: string): ParsedTag {
  if (tag === 'O') return OUTSIDE;
  return { prefix: tag[0], type: tag.slice(tag[1] === '-' ? 2 : 1) || '_' };
}

function startsStrictly(_: ParsedTag, { prefix }: ParsedTag): boolean {
  return prefix === 'B';
}

function endsStrictly(before: ParsedTag, now: ParsedTag): boolean {
  return now.prefix !== 'I' || now.type !== before.type;
}

function startsLeniently(before: ParsedTag, { prefix, type }: ParsedTag): boolean {
  if (prefix === 'O') return false;
  return 'BS'.includes(prefix) || 'ESO'.includes(before.prefix) || before.type !== type;
}

function endsLeniently(before: ParsedTag, { prefix, type }: ParsedTag): boolean {
  return 'ES'.includes(before.prefix) || 'BSO'.includes(prefix) || before.type !== type;
}
