import type { BranchedSharingOptions, TaskGroups } from '../branched-sharing.js';
import { SharingError } from '../errors.js';
import { bestPartitions, type Choice } from './best-partitions.js';
import { checkAffinity, groupAffinity } from './group-tasks.js';
import type { TaskMatrix } from './task-matrix.js';

/** A stage that tasks may share. */
export interface BranchStage {
  readonly name: string;
  readonly parameters: number;
  /** How much each task, the row, helps each other, the column, when they share this stage. */
  readonly affinity: TaskMatrix;
}

/** A tree of tasks, as `branchedSharing` takes it. */
export interface BranchPlan extends BranchedSharingOptions {
  /** The sum over all stages and tasks of the mean affinity of those onto the task that it shares the stage with. */
  readonly affinity: number;
  /** What all copies of all stages have together. */
  readonly parameters: number;
}

/** The number of tasks up to which the search takes a moment. */
const MOST_TASKS = 8;

/**
 * The tree of branches that has the greatest affinity within a budget of parameters; of equals the smallest.
 *
 * S. Vandenhende et al., "Branched Multi-Task Networks: Deciding What Layers To Share", BMVC 2020, section 3.3. The paper
 * has affinities from the similarity of representations and keeps a beam of candidates from the last stage upward; here
 * any affinity will do, and the search is exact: what is below a branch depends on its tasks alone.
 *
 * @param stages the trunk's stages, in order.
 * @throws SharingError when not even one trunk for all meets the budget, or there are more than 8 tasks.
 * @throws TaskError when an affinity is missing or not finite.
 */
export function findBranches({
  stages,
  budget,
}: {
  readonly stages: readonly BranchStage[];
  readonly budget: number;
}): BranchPlan {
  const tasks = [...(stages[0]?.affinity.keys() ?? [])];
  if (tasks.length === 0 || tasks.length > MOST_TASKS) {
    throw new SharingError(`There are ${tasks.length} tasks to branch; it can be 1 to ${MOST_TASKS}.`);
  }
  for (const { affinity } of stages) checkAffinity(affinity, tasks);

  // From the last stage upward: the best forests for every set of tasks, from this stage on.
  let below: readonly (readonly Choice<Branch>[])[] = Array.from({ length: 2 ** tasks.length }, () => [
    { affinity: 0, cost: 0, parts: [] },
  ]);
  for (const [depth, { affinity, parameters }] of [...stages.entries()].toReversed()) {
    const after = below;
    const block = (mask: number) => {
      const group = tasks.filter((_, index) => mask & (1 << index));
      const own = groupAffinity(affinity, group);
      return after[mask].map((rest) => ({
        affinity: own + rest.affinity,
        cost: parameters + rest.cost,
        parts: [{ depth, group }, ...rest.parts],
      }));
    };
    below = bestPartitions(tasks.length, block, budget);
  }
  const [best] = below.at(-1)!;
  if (best === undefined) {
    const least = stages.reduce((sum, { parameters }) => sum + parameters, 0);
    throw new SharingError(
      `No tree of ${tasks.join(', ')} meets the budget of ${budget} parameters; one trunk for all has ${least}.`,
    );
  }
  return { forks: forksOf(best.parts, stages), affinity: best.affinity, parameters: best.cost };
}

interface Branch {
  readonly depth: number;
  readonly group: readonly string[];
}

/** The groups at the stages at which there are more of them than before. */
function forksOf(branches: readonly Branch[], stages: readonly BranchStage[]): Record<string, TaskGroups> {
  const groups = stages.map((_, depth) =>
    branches.filter((branch) => branch.depth === depth).map(({ group }) => group),
  );
  const forks = groups.flatMap((own, depth): [string, TaskGroups][] =>
    own.length > (groups[depth - 1]?.length ?? 1) ? [[stages[depth].name, own]] : [],
  );
  return Object.fromEntries(forks);
}
