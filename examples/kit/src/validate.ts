import { parseArgs } from 'node:util';
import type { Heads, MultiTaskModel } from '@espalier/core';
import * as engine from '@espalier/engine';
import { type DataOf, evaluate, type FitOptions, fit } from '@espalier/trainer';
import { consoleProgress } from '@espalier/trainer/node';
import { engineOf, wholeNumber } from './options.js';

export interface Validation<H extends Heads> {
  readonly model: MultiTaskModel<H>;
  readonly train: DataOf<H>;
  /** Held out of what is there to train on. */
  readonly validation: DataOf<H>;
  /** What was trained or measured on, for the console. */
  readonly described: string;
}

const usage = `Options:
  --engine NAME    where the arithmetic runs (native)
  --epochs N       how often every training example is seen
  --seed N         the seed of weights, data and order (1)
  --set NAME       the data set, where the example has several
  --vectors FILE   begin with these words' vectors, where the example takes some
  --help           this text`;

/**
 * Trains a network and measures it on examples that are neither trained nor tested on, as a program: settings are chosen
 * by this.
 *
 * @param recipe how it learns; `--epochs` says otherwise.
 * @param prepare is given the file of `--vectors` too.
 */
export async function validate<H extends Heads>(
  recipe: Pick<
    FitOptions<H>,
    'epochs' | 'batchSize' | 'sampler' | 'optimizer' | 'schedule' | 'weighting' | 'averageWeights'
  >,
  prepare: (seed: number, vectors?: string) => Promise<Validation<H>>,
): Promise<void> {
  const { values } = parseArgs({
    options: {
      engine: { type: 'string', default: 'native' },
      epochs: { type: 'string', default: `${recipe.epochs}` },
      seed: { type: 'string', default: '1' },
      set: { type: 'string' },
      vectors: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return console.log(usage);
  const seed = wholeNumber('seed', values.seed, 0);
  const epochs = wholeNumber('epochs', values.epochs, 1);
  await engine.use(engineOf(values.engine));
  const { model, train, validation, described } = await prepare(seed, values.vectors);
  const watcher = consoleProgress<H>('validation');
  const started = performance.now();
  await fit(model, {
    ...recipe,
    data: train,
    epochs,
    seed,
    onStep: (record) => watcher.step(record),
  });
  watcher.end();
  console.log(`${described}, ${((performance.now() - started) / 1000).toFixed(0)} s`);
  console.log(await evaluate(model, validation, { batchSize: recipe.batchSize }));
  model.dispose();
}

/** The data set that `--set` names, for programs that can validate on several. */
export function validatedSet(): string | undefined {
  const { values } = parseArgs({ options: { set: { type: 'string' } }, strict: false });
  return typeof values.set === 'string' ? values.set : undefined;
}
