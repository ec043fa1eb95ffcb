import type { Heads, TaskName } from '@espalier/core';
import { type LabelledData, labelsOf } from '../data.js';
import { TrainerError } from '../errors.js';
import { checkTaskNames } from '../task-names.js';
import type { Sampler, Sampling, SamplingOptions } from './sampler.js';
import { checkBelongs } from './sampling.js';
import { shuffled } from './shuffled.js';

/** A part of a training in which some of the tasks are learned. */
export interface Phase<H extends Heads> {
  /** The tasks that are learned; all unless given. What else an example is labelled with does not count. */
  readonly tasks?: readonly [TaskName<H>, ...TaskName<H>[]];
  /** How long it lasts. The last phase lasts to the end, and has none. */
  readonly epochs?: number;
  /** Which of the examples with a label of these tasks come into which batch; unless given, all in turn. */
  readonly sampler?: Sampler<H>;
}

/**
 * Tasks that are learned one after another, or join in: every phase draws among the examples that carry a label of its
 * tasks, and an epoch has as many steps in every phase.
 *
 * @throws TrainerError when there is no phase, or a phase but the last has no number of epochs.
 *
 * @example
 * ```ts
 * // Learn what a word is first, then how it is said.
 * const sampler = curriculum<WordHeads>([{ tasks: ['tag'], epochs: 2 }, { sampler: uniform() }]);
 * ```
 */
export function curriculum<H extends Heads>(phases: readonly Phase<H>[]): Sampler<H> {
  checkPhases(phases);
  const described = phases.map(({ tasks, epochs, sampler = shuffled<H>() }) =>
    [tasks?.join(' and ') ?? 'all', sampler.name, epochs === undefined ? 'to the end' : `for ${epochs}`].join(
      ' ',
    ),
  );
  const name = `curriculum: ${described.join(', ')}`;
  return {
    name,
    start(data, options) {
      const { stepsPerEpoch, epochs, seed, batchSize } = options;
      const before = phases.map((_, place) =>
        phases.slice(0, place).reduce((sum, phase) => sum + phase.epochs!, 0),
      );
      if (before[before.length - 1] >= epochs) {
        throw new TrainerError(
          `The curriculum's last phase begins after ${before[before.length - 1]} epochs, and the training has ${epochs}. ` +
            'Give it more, or the phases fewer.',
        );
      }
      const parts = phases.map((phase, place) => startPhase(data, phase, before[place], options));
      const own = { sampler: name, seed, batchSize, sizes: [data.length] };
      let batches = 0;
      let current = parts[0];
      return {
        followsLosses: parts.some(({ followsLosses }) => followsLosses),
        next() {
          const epoch = Math.floor(batches++ / stepsPerEpoch);
          current = parts[before.findLastIndex((start) => start <= epoch)];
          return current.next();
        },
        observe: (losses) => current.observe(losses),
        state: () => ({ ...own, batches, drawn: [], trends: [], phases: parts.map((part) => part.state()) }),
        load(state) {
          checkBelongs(state, own);
          ({ batches } = state);
          for (const [place, part] of parts.entries()) part.load(state.phases![place]);
        },
      };
    },
  };
}

function startPhase<H extends Heads>(
  data: LabelledData<H>,
  { tasks, sampler = shuffled() }: Phase<H>,
  epochsBefore: number,
  options: SamplingOptions<H>,
): Sampling<H> {
  if (tasks) checkTaskNames(tasks, options.tasks, 'The curriculum');
  const learned = tasks ?? options.tasks;
  const places = Array.from({ length: data.length }, (_, place) => place).filter((place) => {
    const labels = labelsOf(data, place);
    return learned.some((task) => labels[task] !== undefined);
  });
  if (places.length === 0) {
    throw new TrainerError(
      `The curriculum learns ${learned.join(' and ')} in one of its phases, and no example to train on has a label of these.`,
    );
  }
  const part: LabelledData<H> = {
    length: places.length,
    at: (index, epoch) => data.at(places[index], epoch),
    labels: (index) => labelsOf(data, places[index]),
  };
  const sampling = sampler.start(part, {
    ...options,
    tasks: learned,
    epochs: options.epochs - epochsBefore,
  });
  return {
    ...sampling,
    next: () =>
      sampling.next().map(({ index, epoch }) => ({
        index: places[index],
        epoch: epoch + epochsBefore,
        ...(tasks && { tasks }),
      })),
  };
}

function checkPhases(phases: readonly Phase<Heads>[]): void {
  if (phases.length === 0) throw new TrainerError('The curriculum has no phases; give at least one.');
  for (const [place, { epochs }] of phases.entries()) {
    const last = place === phases.length - 1;
    if (last ? epochs === undefined : Number.isInteger(epochs) && epochs! >= 1) continue;
    throw new TrainerError(
      last
        ? `The curriculum's last phase lasts ${epochs} epochs; it lasts to the end: leave \`epochs\` out.`
        : `The curriculum's phase ${place + 1} lasts ${epochs} epochs; expected a whole number from 1.`,
    );
  }
}
