import { mkdir } from 'node:fs/promises';
import { basename, extname, join } from 'node:path';
import { type Command, Option } from 'commander';
import writeFileAtomic from 'write-file-atomic';
import { CommandError, UsageError } from '../errors.js';
import { writing } from '../files.js';
import { experimentOption, loadTrained, type TrainedOptions, trainedArgument } from '../load-trained.js';
import { engineOption, wholeNumber } from '../options.js';
import { type Drawer, drawersOf, drawPredictions } from '../predict/draw.js';
import { jsonLines } from '../predict/json-lines.js';
import { listFiles } from '../predict/list-files.js';
import { FileReader, type OnBadExample, type ReadFile } from '../predict/read-files.js';
import { type ExamplePredictions, predictEach } from '../predict-each.js';
import { readInputOf } from '../read-input.js';

interface PredictOptions extends TrainedOptions {
  readonly out?: string;
  readonly pictures?: string;
  readonly onBadExample: OnBadExample;
  readonly batchSize: number;
}

/** `espalier predict`: what a trained network says about files. */
export function predict(program: Command): void {
  program
    .command('predict')
    .description('Says what a trained network makes of files: of every task, in one forward pass.')
    .addArgument(trainedArgument())
    .argument('[files...]', 'files, and folders of them; - takes a list from standard input, one a line')
    .addOption(experimentOption())
    .addOption(engineOption())
    .option('--out <file>', 'where the predictions go, a line of JSON a file (standard output)')
    .option('--pictures <folder>', 'draw what the heads predict, a PNG a file')
    .addOption(
      new Option(
        '--on-bad-example <what>',
        'what becomes of files that cannot be read: an end, or they are left out and named',
      )
        .choices(['throw', 'skip'])
        .default('throw'),
    )
    .option('--batch-size <n>', 'how many files go through the network at once', wholeNumber(1), 16)
    .addHelpText(
      'after',
      `
A line is { "file": …, "predictions": { "<task>": … } }. The experiment's read says what a file is to the network;
without one, files are pictures of any format that sharp reads, stretched to the network's size.

Examples:
  espalier predict runs/mood photo.jpg
  espalier predict runs/mood photos --pictures drawn --out predictions.jsonl --on-bad-example skip
  find . -name '*.png' | espalier predict runs/mood/best.safetensors - --experiment mood.ts`,
    )
    .action(run);
}

async function run(given: string, files: readonly string[], options: PredictOptions): Promise<void> {
  if (files.length === 0) {
    throw new UsageError(
      'predict: no files are named. Name files or folders, or - for a list in standard input.',
    );
  }
  const { experiment, model } = await loadTrained(given, options);
  try {
    const read = readInputOf(experiment, model.inputShape);
    if (read === undefined) {
      throw new CommandError(
        `The experiment ${experiment.name} does not say what a file is to its network, which takes no pictures. ` +
          'Give the experiment a read: a function from the bytes of a file to an input.',
      );
    }
    const drawers = drawersOf(model);
    if (options.pictures !== undefined && drawers.length === 0) {
      throw new UsageError(`--pictures: none of the heads of ${experiment.name} draws. Leave it out.`);
    }
    const gallery = options.pictures === undefined ? undefined : new Gallery(options.pictures, drawers);
    const reader = new FileReader(read, options.onBadExample);
    const lines = await jsonLines(options.out);
    let count = 0;
    try {
      for await (const batch of batchesOf(listFiles(files, process.stdin), options.batchSize)) {
        const examples = await reader.readAll(batch);
        if (examples.length === 0) continue;
        const predicted = await predictEach(
          model,
          examples.map(({ input }) => input),
        );
        for (const [index, example] of examples.entries()) {
          await lines.write({ file: example.file, predictions: predicted[index] });
          await gallery?.add(example, predicted[index]);
        }
        count += examples.length;
      }
      report(count, reader.leftOut);
      await lines.finish();
    } catch (error) {
      await lines.abandon();
      throw error;
    }
  } finally {
    model.dispose();
  }
}

async function* batchesOf<Item>(items: AsyncIterable<Item>, size: number): AsyncGenerator<Item[]> {
  let batch: Item[] = [];
  for await (const item of items) {
    batch.push(item);
    if (batch.length < size) continue;
    yield batch;
    batch = [];
  }
  if (batch.length > 0) yield batch;
}

/** @throws CommandError when there is no file, or none could be read. */
function report(predicted: number, leftOut: readonly string[]): void {
  const all = predicted + leftOut.length;
  if (all === 0) throw new CommandError('There are no files where they were said to be. Name others.');
  if (predicted === 0) throw new CommandError(`None of ${all} files can be read. Name others.`);
  const left = leftOut.length === 0 ? '' : `, ${leftOut.length} left out: ${leftOut.join(', ')}`;
  console.error(`${predicted} of ${all} files predicted${left}`);
}

/** A folder of drawn predictions. */
class Gallery {
  readonly #names = new Map<string, number>();

  constructor(
    private readonly folder: string,
    private readonly drawers: readonly Drawer[],
  ) {}

  async add({ file, bytes }: ReadFile, predictions: ExamplePredictions): Promise<void> {
    const place = join(this.folder, `${this.#nameOf(file)}.png`);
    const picture = await drawPredictions(bytes, predictions, this.drawers);
    await writing(place, async () => {
      await mkdir(this.folder, { recursive: true });
      await writeFileAtomic(place, Buffer.from(picture));
    });
  }

  /** Files of one name, from several folders, are numbered. */
  #nameOf(file: string): string {
    const name = basename(file, extname(file));
    const count = (this.#names.get(name) ?? 0) + 1;
    this.#names.set(name, count);
    return count === 1 ? name : `${name}-${count}`;
  }
}
