import type { Heads } from '@espalier/core';
import type { GridTask } from '@espalier/trainer/node';
import type { Experiment } from './experiment.js';

/** The seed of the data of a grid, whose networks have seeds of their own. */
const DATA_SEED = 1;

/**
 * What `compare` gives out and `worker` trains: every sharing × weighting × aggregator × seed of an experiment.
 *
 * @param choice `epochs` instead of the experiment's.
 */
export async function gridOf<H extends Heads>(
  experiment: Experiment<H>,
  choice: { readonly epochs?: number | undefined },
): Promise<GridTask<H>> {
  const { heads, compose, batchSize, optimizer, schedule, sampler, sharing, weighting, aggregator, grid } =
    experiment;
  const epochs = choice.epochs ?? experiment.epochs;
  return {
    heads,
    compose,
    epochs,
    batchSize,
    optimizer,
    schedule,
    ...(sampler && { sampler }),
    ...(await experiment.data({ epochs, seed: DATA_SEED })),
    sharings: grid?.sharings ?? { [asName(sharing.kind)]: sharing },
    weightings: grid?.weightings ?? { [asName(weighting.name)]: weighting },
    aggregators: grid?.aggregators ?? { [asName(aggregator?.name ?? 'none')]: aggregator },
    seeds: grid?.seeds ?? [1],
  };
}

/** A name that names files too. */
function asName(text: string): string {
  return text.replace(/[^\w.-]+/g, '-').replace(/__+/g, '_');
}
