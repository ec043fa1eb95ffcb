/** Something to choose: how good it is, what it costs, and what it consists of. */
export interface Choice<T> {
  readonly affinity: number;
  readonly cost: number;
  readonly parts: readonly T[];
}

/**
 * For every set of tasks, a bit mask, the partitions into blocks that no other beats in both affinity and cost, from the
 * greatest affinity downward.
 *
 * @param blocks what can be chosen for a block of these tasks.
 * @param budget what costs more is not a choice.
 */
export function bestPartitions<T>(
  tasks: number,
  blocks: (mask: number) => readonly Choice<T>[],
  budget: number,
): readonly (readonly Choice<T>[])[] {
  const choices = Array.from({ length: 2 ** tasks }, (_, mask) => (mask === 0 ? [] : blocks(mask)));
  const best: (readonly Choice<T>[])[] = [[{ affinity: 0, cost: 0, parts: [] }]];
  for (let set = 1; set < choices.length; set++) {
    const lowest = set & -set;
    const found: Choice<T>[] = [];
    // Every partition has one block with the set's first task; the rest is a smaller set.
    for (let mask = set; mask > 0; mask = (mask - 1) & set) {
      if ((mask & lowest) === 0) continue;
      for (const block of choices[mask]) {
        for (const rest of best[set ^ mask]) {
          const cost = block.cost + rest.cost;
          if (cost > budget) continue;
          found.push({
            affinity: block.affinity + rest.affinity,
            cost,
            parts: [...block.parts, ...rest.parts],
          });
        }
      }
    }
    best.push(unbeaten(found));
  }
  return best;
}

function unbeaten<T>(choices: Choice<T>[]): readonly Choice<T>[] {
  choices.sort((a, b) => b.affinity - a.affinity || a.cost - b.cost);
  let cheapest = Number.POSITIVE_INFINITY;
  return choices.filter(({ cost }) => {
    if (cost >= cheapest) return false;
    cheapest = cost;
    return true;
  });
}
