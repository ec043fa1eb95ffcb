import { applyShared, type Sharing, StageError, TaskError, type Trunk } from '@espalier/core';
import { applyCopies } from './apply-copies.js';
import { featuresByTask, only } from './by-task.js';

/** Groups of tasks; every task of the model is in exactly one of them. */
export type TaskGroups = readonly (readonly string[])[];

export interface BranchedSharingOptions {
  /**
   * Where the trunk forks: for the name of a stage, the groups into which the tasks part in front of it. Later forks
   * part these groups further. Without a fork, all tasks share all stages.
   */
  readonly forks: Readonly<Record<string, TaskGroups>>;
}

/**
 * Branched sharing: the trunk forks in front of chosen stages, and each group of tasks goes on with a copy of the
 * rest. A fork into single tasks in front of the first stage gives separate networks, no fork gives hard sharing.
 *
 * S. Vandenhende et al., "Branched Multi-Task Networks: Deciding What Layers To Share", BMVC 2020, section 3.
 */
export function branchedSharing({ forks }: BranchedSharingOptions): Sharing {
  return {
    kind: `branched(${JSON.stringify(forks)})`,
    connect(trunk, inputs) {
      const groupings = groupingsByStage(forks, trunk, [...inputs.keys()]);
      let latest = inputs;
      const steps = trunk.map((stage, index) => {
        const { name } = stage;
        const groups = groupings[index];
        const outputs =
          groups.length === 1
            ? [applyShared(stage, latest)]
            : applyCopies(
                stage,
                new Map(groups.map((group) => [branchName(name, group), only(group, latest)])),
              );
        latest = new Map(outputs.flatMap((branch) => [...branch]));
        return latest;
      });
      return featuresByTask(steps);
    },
  };
}

/** A task's own copy is named after it, one that several tasks share after the stage and them. */
function branchName(stage: string, group: readonly string[]): string {
  return group.length === 1 ? `${group[0]}/${stage}` : `${stage}/${group.join('/')}`;
}

/** For every stage the groups of tasks that share it. */
function groupingsByStage(
  forks: BranchedSharingOptions['forks'],
  trunk: Trunk,
  tasks: readonly string[],
): TaskGroups[] {
  const names = trunk.map(({ name }) => name);
  for (const stage of Object.keys(forks)) {
    if (!names.includes(stage)) {
      throw new StageError(stage, `a fork names it, but the trunk's stages are ${names.join(', ')}.`);
    }
  }
  let groups: TaskGroups = [tasks];
  return names.map((stage) => {
    const fork = forks[stage];
    if (fork !== undefined) {
      checkGroups(fork, groups, tasks, stage);
      groups = fork.filter((group) => group.length > 0);
    }
    return groups;
  });
}

function checkGroups(fork: TaskGroups, before: TaskGroups, tasks: readonly string[], stage: string): void {
  const named = fork.flat();
  for (const task of named) {
    if (!tasks.includes(task)) {
      throw new TaskError(
        task,
        `the fork at stage "${stage}" names it, but the model's tasks are ${tasks.join(', ')}.`,
      );
    }
  }
  for (const task of tasks) {
    const times = named.filter((name) => name === task).length;
    if (times !== 1) {
      throw new TaskError(
        task,
        `the fork at stage "${stage}" names it ${times} times; name every task once.`,
      );
    }
  }
  for (const group of fork) {
    const former = before.find((tasks) => tasks.includes(group[0]));
    const stranger = group.find((task) => !former?.includes(task));
    if (stranger !== undefined) {
      throw new TaskError(
        stranger,
        `the fork at stage "${stage}" joins it with "${group[0]}", which an earlier fork parts; branches do not meet again.`,
      );
    }
  }
}
