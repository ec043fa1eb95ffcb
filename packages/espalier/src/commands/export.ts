import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { save } from '@espalier/trainer/node';
import { type Command, Option } from 'commander';
import { UsageError } from '../errors.js';
import { saveSavedModel } from '../export/saved-model.js';
import { saveTensorFlowJs } from '../export/tensorflow-js.js';
import { writing } from '../files.js';
import { experimentOption, loadTrained, type TrainedOptions, trainedArgument } from '../load-trained.js';
import { engineOption, wholeNumber } from '../options.js';

type Format = 'saved-model' | 'tfjs' | 'safetensors';

interface ExportOptions extends TrainedOptions {
  readonly format: Format;
  readonly out: string;
  readonly batchSize: number;
  readonly length: number;
}

/** `espalier export`: a trained network in a format of the field. */
export function exportModel(program: Command): void {
  program
    .command('export')
    .description('Writes a trained network for others: TensorFlow Serving, Python, the browser.')
    .addArgument(trainedArgument())
    .addOption(
      new Option('--format <name>', 'what to write')
        .choices(['saved-model', 'tfjs', 'safetensors'])
        .makeOptionMandatory(),
    )
    .requiredOption('--out <path>', 'a folder; of safetensors a file')
    .addOption(experimentOption())
    .addOption(engineOption())
    .option('--batch-size <n>', 'how many examples a SavedModel takes at once', wholeNumber(1), 1)
    .option('--length <n>', 'how long they are, where the network leaves it open', wholeNumber(1), 128)
    .addHelpText(
      'after',
      `
  saved-model   for TensorFlow Serving and Python's tf.saved_model.load; written by the native engine
  tfjs          model.json and weights.bin, for tf.loadLayersModel of TensorFlow.js
  safetensors   the weights alone, for Python and for espalier

Networks give raw scores, one output a task; decoding is the heads' business.

Examples:
  espalier export runs/mood --format saved-model --out served/1
  espalier export runs/mood --format tfjs --out public/mood
  espalier export runs/mood --format safetensors --out mood.safetensors`,
    )
    .action(run);
}

async function run(
  given: string,
  { format, out, batchSize, length, ...options }: ExportOptions,
): Promise<void> {
  if (format === 'saved-model' && (options.engine ?? 'native') !== 'native') {
    throw new UsageError(
      `--engine is ${options.engine}; a SavedModel is written by the native one. Leave it out.`,
    );
  }
  const engine = format === 'saved-model' ? 'native' : options.engine;
  const { model } = await loadTrained(given, { ...options, ...(engine && { engine }) });
  try {
    await writing(out, async () => {
      await mkdir(dirname(out), { recursive: true });
      if (format === 'saved-model') saveSavedModel(model, out, { batchSize, length });
      else if (format === 'tfjs') await saveTensorFlowJs(model, out);
      else await save(model, out);
    });
  } finally {
    model.dispose();
  }
  console.log(out);
}
