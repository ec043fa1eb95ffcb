import { chmod, mkdir, mkdtemp, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Aggregator, aggregators, sum, type Weighting, weightings } from '@espalier/losses';
import {
  adamW,
  byLoss,
  constant,
  type Evaluation,
  type FitOptions,
  fit,
  InterruptedError,
  type Judge,
  mapData,
  reduceOnPlateau,
  sgd,
  TrainerError,
  Training,
  warmupCosine,
} from '@espalier/trainer';
import { FileError, load, type RunFolderOptions, runFolder } from '@espalier/trainer/node';
import * as tf from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { expectHeldSnapshot } from './held-snapshot.js';
import { own } from './own.js';
import { compose, points, type SideHeads } from './small-task.js';

let parent: string;
beforeAll(async () => {
  parent = await mkdtemp(join(tmpdir(), 'espalier-runs-'));
});
afterAll(() => rm(parent, { recursive: true, force: true }));
const newFolder = () => mkdtemp(join(parent, 'run-'));

const options = (more: Partial<FitOptions<SideHeads>> = {}): FitOptions<SideHeads> => ({
  data: points(40, 1, (index) => index % 3 > 0),
  epochs: 4,
  batchSize: 16,
  optimizer: adamW({ weightDecay: 0.01 }),
  schedule: warmupCosine(0.05),
  weighting: sum(),
  seed: 5,
  ...more,
});
const steps = 4 * 3;

const losses = (records: Awaited<ReturnType<typeof fit<SideHeads>>>) =>
  records.map((record) => record.losses);

async function lines(folder: string): Promise<unknown[]> {
  const text = await readFile(join(folder, 'metrics.jsonl'), 'utf8');
  expect(text.endsWith('\n')).toBe(true);
  return text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
}

/** Trains until a step, then is broken off without a word, as a killed process would be. */
async function killedAt(step: number, folder: string, more: Partial<FitOptions<SideHeads>>, every = 5) {
  const killed = fit(
    own(compose(1, 0.3)),
    options({
      ...more,
      run: runFolder(folder, { everySteps: every }),
      onStep(record) {
        if (record.step === step) throw new Error('killed');
      },
    }),
  );
  await expect(killed).rejects.toThrow('killed');
}

async function resumed(folder: string, more: Partial<FitOptions<SideHeads>>, run: RunFolderOptions = {}) {
  const notices: string[] = [];
  const model = own(compose(1, 0.3));
  const records = await fit(
    model,
    options({
      ...more,
      run: runFolder(folder, { resume: true, everySteps: 5, notice: (text) => notices.push(text), ...run }),
    }),
  );
  return { records, notices, weights: [...(await model.exportWeights()).weights] };
}

async function uninterrupted(more: Partial<FitOptions<SideHeads>> = {}) {
  const model = own(compose(1, 0.3));
  const records = await fit(model, options(more));
  return { records, weights: [...(await model.exportWeights()).weights] };
}

const methods: [
  string,
  Partial<FitOptions<SideHeads>> & { weighting?: Weighting; aggregator?: Aggregator },
][] = [
  ['the sum', {}],
  ['FAMO', { weighting: weightings.famo() }],
  ['PCGrad in random order', { aggregator: aggregators.pcGrad({ order: 'random' }) }],
  ['Nash-MTL every other step', { aggregator: aggregators.nashMtl() }],
  ['SGD and averaged weights', { optimizer: sgd({ momentum: 0.9 }), averageWeights: 0.9 }],
  ['a sampler that follows the losses', { sampler: byLoss() }],
];

describe('a run that goes on', () => {
  test.each(methods)('gives the bit-identical losses and weights: %s', async (_, method) => {
    const whole = await uninterrupted(method);
    for (const step of [3, 7]) {
      const folder = await newFolder();
      await killedAt(step, folder, method);
      const again = await resumed(folder, method);
      expect(losses(again.records)).toEqual(losses(whole.records));
      expect(again.weights).toEqual(whole.weights);
      expect(await lines(folder)).toEqual(whole.records.map(({ step, losses }) => ({ step, losses })));
    }
  });

  test('a finished run is only read', async () => {
    const folder = await newFolder();
    const whole = await uninterrupted({ run: runFolder(folder) });
    let count = 0;
    const again = await resumed(folder, {
      onStep: () => {
        count++;
      },
    });
    expect(count).toBe(0);
    expect(losses(again.records)).toEqual(losses(whole.records));
    expect(again.weights).toEqual(whole.weights);
  });

  test('a half-written line, and what is behind the checkpoint, is cut off', async () => {
    const folder = await newFolder();
    await killedAt(8, folder, {});
    await writeFile(join(folder, 'metrics.jsonl'), '{"step":9,"los', { flag: 'a' });
    await writeFile(join(folder, 'step-10.safetensors.tmp'), 'half');
    const whole = await uninterrupted();
    const again = await resumed(folder, {});
    expect(losses(again.records)).toEqual(losses(whole.records));
    expect((await lines(folder)).length).toBe(steps);
    expect((await readdir(folder)).filter((name) => name.endsWith('.tmp'))).toEqual([]);
  });

  test('before the first checkpoint it begins anew, and says so', async () => {
    const folder = await newFolder();
    await killedAt(3, folder, {});
    const { records, notices } = await resumed(folder, {});
    expect(records).toHaveLength(steps);
    expect(notices).toEqual([
      expect.stringMatching(/no checkpoint yet, so training begins at the first step/),
    ]);
  });

  test('training is not changed by being saved, and leaves no tensor behind', async () => {
    const whole = await uninterrupted();
    const before = tf.memory().numTensors;
    const model = compose(1, 0.3);
    const records = await fit(model, options({ run: runFolder(await newFolder(), { everySteps: 1 }) }));
    model.dispose();
    expect(tf.memory().numTensors).toBe(before);
    expect(losses(records)).toEqual(losses(whole.records));
  });
});

test('a snapshot stays as it is while steps go on', () => expectHeldSnapshot());

describe('metrics.jsonl', () => {
  /** Steps whose lines wait for being written. */
  const recorded = async (folder: string) => {
    const model = own(compose());
    const training = new Training(model, { optimizer: sgd(), weighting: sum(), seed: 1 });
    const run = runFolder(folder);
    await run.open();
    for (const step of [1, 2, 3]) run.record({ step, losses: { side: step } });
    const snapshot = training.snapshot();
    const save = async () => {
      const sampling = { sampler: '', seed: 1, batchSize: 1, sizes: [], batches: 3, drawn: [], trends: [] };
      await run.save({ ...snapshot, step: 3, seed: 1, sampling, stopped: false });
    };
    const end = () => {
      run.close();
      training.dispose();
    };
    return { run, save, end };
  };

  test('has the lines of all steps up to a checkpoint', async () => {
    const folder = await newFolder();
    const { save, end } = await recorded(folder);
    await save();
    expect((await lines(folder)).length).toBe(3);
    end();
  });

  test('without them there is no checkpoint', async () => {
    const folder = await newFolder();
    const { save, end } = await recorded(folder);
    await rm(join(folder, 'metrics.jsonl'));
    await mkdir(join(folder, 'metrics.jsonl'));
    await expect(save()).rejects.toThrow(/metrics\.jsonl: cannot be written: EISDIR.*resume from it/);
    expect(await readdir(folder)).not.toContain('step-3.safetensors');
    end();
  });

  test('has every line when the training has ended, by an error too', async () => {
    const folder = await newFolder();
    const { end } = await recorded(folder);
    end();
    expect((await lines(folder)).length).toBe(3);
  });
});

describe('damage', () => {
  /** Two checkpoints, of steps 5 and 10. */
  const withTwo = async () => {
    const folder = await newFolder();
    await killedAt(11, folder, {});
    expect((await readdir(folder)).sort()).toEqual([
      'metrics.jsonl',
      'step-10.safetensors',
      'step-5.safetensors',
    ]);
    return folder;
  };

  test.each([
    ['the first', () => 0],
    ['one in the header', () => 200],
    ['one in the values', (size: number) => size - 40],
    ['the last', (size: number) => size - 1],
  ])('a flipped byte is noticed, the checkpoint before is used, and that is said: %s', async (_, place) => {
    const folder = await withTwo();
    const file = join(folder, 'step-10.safetensors');
    const bytes = await readFile(file);
    bytes[place(bytes.length)] ^= 1;
    await writeFile(file, bytes);
    const { records, notices } = await resumed(folder, {});
    expect(notices).toEqual([
      expect.stringMatching(/step-10\.safetensors.*checkpoint before it, of step 5, is used/),
    ]);
    expect(losses(records)).toEqual(losses((await uninterrupted()).records));
  });

  test('a truncated checkpoint is noticed too; where none is whole, it is refused', async () => {
    const folder = await withTwo();
    await truncate(join(folder, 'step-10.safetensors'), 100);
    const { notices } = await resumed(folder, { epochs: 4 });
    expect(notices).toHaveLength(1);
    for (const name of await readdir(folder))
      if (name.startsWith('step')) await truncate(join(folder, name), 9);
    await expect(resumed(folder, {})).rejects.toThrow(FileError);
  });

  test('a checkpoint of another training is refused, and what differs is listed', async () => {
    const folder = await withTwo();
    const other = (more: Partial<FitOptions<SideHeads>>) => resumed(folder, more);
    await expect(other({ optimizer: sgd({ momentum: 0.9 }) })).rejects.toThrow(
      /belongs to another training: optimizer\/mean\/.* is \[2, 16\] there and missing here; .* and \d+ more/,
    );
    await expect(other({ seed: 6 })).rejects.toThrow(/made with seed 5, but now it is 6/);
    await expect(other({ batchSize: 8 })).rejects.toThrow(/batchSize/);
    await expect(other({ epochs: 3 })).rejects.toThrow(
      /is of step 10, but the training now has 9 in 3 epochs/,
    );
    await expect(other({ accumulate: 2, epochs: 8 })).rejects.toThrow(
      /made with accumulate 1, but now it is 2/,
    );
    await expect(
      other({ schedule: reduceOnPlateau(constant(0.05), { by: 'all', of: 'losses', patience: 1 }) }),
    ).rejects.toThrow(/made with a schedule that follows nothing, but now there is reduceOnPlateau/);
    await expect(other({ weighting: weightings.uncertainty() })).rejects.toThrow(
      /weighting is sum there and uncertainty here/,
    );
    await expect(other({ sampler: byLoss() })).rejects.toThrow(TrainerError);
  });

  test.skipIf(process.getuid?.() === 0)('a read-only folder is one clear error', async () => {
    const folder = await withTwo();
    await chmod(folder, 0o555);
    await expect(resumed(folder, {})).rejects.toThrow(/cannot be written/);
    await chmod(folder, 0o755);
    expect((await resumed(folder, {})).records).toHaveLength(steps);
  });

  test('a checkpoint that cannot be written stops the training with one clear error', async () => {
    const folder = await newFolder();
    const run = runFolder(folder, { everySteps: 5 });
    const broken = fit(
      own(compose(1, 0.3)),
      options({
        run,
        async onEpoch({ epoch }) {
          // A folder in the place of the next checkpoint, as root may write anywhere.
          if (epoch === 3) {
            await mkdir(join(folder, 'step-10.safetensors', 'in-the-way'), { recursive: true });
          }
        },
      }),
    );
    await expect(broken).rejects.toThrow(FileError);
    await expect(broken).rejects.toThrow(
      /step-10\.safetensors: the checkpoint cannot be written.*before it are untouched/s,
    );
    await rm(join(folder, 'step-10.safetensors'), { recursive: true });
    expect(await readdir(folder)).toEqual(['metrics.jsonl', 'step-5.safetensors']);
    expect(losses((await resumed(folder, {})).records)).toEqual(losses((await uninterrupted()).records));
  });

  test('data that vanish in the middle of an epoch stop the training, the last checkpoint intact', async () => {
    const folder = await newFolder();
    let gone = false;
    const data = mapData(options().data, (example) => {
      if (gone) throw new Error('ENOENT: images/17.png');
      return example;
    });
    const broken = fit(
      own(compose(1, 0.3)),
      options({
        data,
        run: runFolder(folder, { everySteps: 5 }),
        onStep({ step }) {
          gone = step === 7;
        },
      }),
    );
    await expect(broken).rejects.toThrow('images/17.png');
    expect(losses((await resumed(folder, {})).records)).toEqual(losses((await uninterrupted()).records));
  });

  test('a folder with a run is not written over, and one without is not resumed', async () => {
    const folder = await withTwo();
    await expect(fit(own(compose()), options({ run: runFolder(folder) }))).rejects.toThrow(
      /holds a run already .*Resume it, or give another folder/,
    );
    await expect(resumed(join(parent, 'nowhere'), {})).rejects.toThrow(/there is no run to resume/);
  });
});

describe('validation and interruption', () => {
  const bySide = (): Judge<SideHeads> => {
    let [best, since] = [-1, 0];
    return {
      observe({ side }: Evaluation<SideHeads>) {
        const better = side.accuracy > best;
        if (better) best = side.accuracy;
        since = better ? 0 : since + 1;
        return { best: better, stop: since >= 3 };
      },
      state: () => ({ best, since }),
      load(state: { best: number; since: number }) {
        ({ best, since } = state);
      },
    };
  };

  test('the best weights by validation are kept, and enough is enough, also when it is resumed', async () => {
    const folder = await newFolder();
    const evaluations: number[] = [];
    const more = (judge = bySide()): Partial<FitOptions<SideHeads>> => ({
      epochs: 40,
      validation: { data: points(30, 9), judge },
      onEpoch: ({ evaluation }) => void evaluations.push(evaluation!.side.accuracy),
    });
    const records = await fit(own(compose(1, 0.3)), options({ ...more(), run: runFolder(folder) }));
    expect(records.length).toBeLessThan(40 * 3);
    expect(evaluations).toHaveLength(records.length / 3);

    const best = own(compose(2, 0.3));
    await load(best, join(folder, 'best.safetensors'));
    const { evaluate } = await import('@espalier/trainer');
    const { side } = await evaluate(best, points(30, 9), { batchSize: 30 });
    expect(side.accuracy).toBe(Math.max(...evaluations));

    const count = evaluations.length;
    expect((await resumed(folder, more())).records).toHaveLength(records.length);
    expect(evaluations).toHaveLength(count);
  });

  test('a signal stops after the step, saved; it goes on from there', async () => {
    const folder = await newFolder();
    const controller = new AbortController();
    const stopping = fit(
      own(compose(1, 0.3)),
      options({
        run: runFolder(folder),
        signal: controller.signal,
        onStep({ step }) {
          if (step === 4) controller.abort();
        },
      }),
    );
    await expect(stopping).rejects.toThrow(InterruptedError);
    await expect(stopping).rejects.toThrow('interrupted after step 4. It is saved, and can be resumed');
    expect(await readdir(folder)).toContain('step-4.safetensors');
    expect(losses((await resumed(folder, {})).records)).toEqual(losses((await uninterrupted()).records));
  });
});
