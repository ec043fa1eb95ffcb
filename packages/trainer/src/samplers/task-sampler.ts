import type { Heads, LabelOf, TaskName } from '@espalier/core';
import { type LabelledData, labelsOf } from '../data.js';
import { TrainerError } from '../errors.js';
import { checkTaskNames } from '../task-names.js';
import type { Sampler } from './sampler.js';
import { type PlanOfDraws, startSampling } from './sampling.js';
import { randomAt } from './seeds.js';
import type { TaskChoice } from './task-choice.js';

/** What all samplers that choose among tasks can be told. */
export interface TaskSamplerOptions<H extends Heads> {
  /**
   * Whether the task is chosen anew for every example, so that a batch holds several tasks (the default: weightings
   * and aggregators need that), or once a batch, so that tasks alternate.
   */
  readonly per?: 'example' | 'batch';
  /**
   * Balances classes inside a task: the class is drawn first, each as likely as the others, then an example of it.
   * A function a task, from its label to its class.
   */
  readonly classOf?: { readonly [T in TaskName<H>]?: (label: LabelOf<H[T]>) => string | number };
}

/** Examples that are drawn for a task: those that carry its label, of one class or of all. */
interface TaskPool {
  readonly task: number;
  readonly members: number[];
}

/**
 * A sampler that chooses a task, then draws among the examples that carry its label, each once before any comes again.
 * An example that carries labels of several tasks teaches all of them, whichever it was drawn for.
 */
export function taskSampler<H extends Heads>(
  choice: TaskChoice,
  { per = 'example', classOf = {} }: TaskSamplerOptions<H>,
): Sampler<H> {
  const balanced = Object.keys(classOf).map((task) => `, balanced ${task}`);
  return {
    name: `${choice.name} per ${per}${balanced.join('')}`,
    start(data, options) {
      const { tasks, stepsPerEpoch, epochs, seed, batchSize } = options;
      checkTaskNames(Object.keys(classOf), tasks, 'The sampler');
      const pools = poolsOf(data, tasks, classOf);
      const sizes = tasks.map((_, task) =>
        pools.reduce((sum, pool) => sum + (pool.task === task ? pool.members.length : 0), 0),
      );
      const ofTask = tasks.map((_, task) =>
        pools.flatMap((pool, place) => (pool.task === task ? [place] : [])),
      );

      const plan: PlanOfDraws = {
        pools: pools.map(({ members }) => Int32Array.from(members)),
        followsLosses: choice.followsLosses,
        pick(batch, place, trends) {
          const chosen = per === 'batch' ? batch : batch * batchSize + place;
          const epoch = Math.min(1 + Math.floor(batch / stepsPerEpoch), epochs);
          const random = randomAt(seed, TASKS, chosen);
          const task = choice.choose({ tasks, sizes, epoch, epochs, trends, chosen, random });
          const own = ofTask[task];
          if (own.length === 1) return own[0];
          return own[Math.floor(randomAt(seed, CLASSES, batch * batchSize + place)() * own.length)];
        },
      };
      return startSampling(this.name, plan, options);
    },
  };
}

/** Streams of random numbers beside those of the pools, which count from 0. */
const [TASKS, CLASSES] = [-1, -2];

function poolsOf<H extends Heads>(
  data: LabelledData<H>,
  tasks: readonly TaskName<H>[],
  classOf: NonNullable<TaskSamplerOptions<H>['classOf']>,
): TaskPool[] {
  const pools = tasks.map(() => new Map<string | number | undefined, number[]>());
  for (let index = 0; index < data.length; index++) {
    const labels = labelsOf(data, index);
    for (const [task, name] of tasks.entries()) {
      const label = labels[name];
      if (label === undefined) continue;
      const own = classOf[name]?.(label);
      const members = pools[task].get(own);
      if (members === undefined) pools[task].set(own, [index]);
      else members.push(index);
    }
  }
  return pools.flatMap((own, task) => {
    if (own.size === 0) {
      throw new TrainerError(
        `Task "${tasks[task]}": no example of the data set to train on carries its label, so the sampler has none to draw.`,
      );
    }
    return [...own.values()].map((members) => ({ task, members }));
  });
}
