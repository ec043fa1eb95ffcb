import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { messageOf } from '@espalier/core';
import { stopOnInterrupt } from '@espalier/trainer/node';
import type { Command } from 'commander';
import sharp from 'sharp';
import { CommandError } from '../errors.js';
import { experimentOption, loadTrained, type TrainedOptions, trainedArgument } from '../load-trained.js';
import { engineOption, wholeNumber } from '../options.js';
import { readInputOf } from '../read-input.js';
import { closeService, predictionService } from '../serve/service.js';

interface ServeOptions extends TrainedOptions {
  readonly host: string;
  readonly port: number;
  readonly maxBatch: number;
  readonly maxWait: number;
  readonly maxBytes: number;
  readonly timeout: number;
  readonly maxWaiting: number;
}

/** `espalier serve`: a trained network behind HTTP. */
export function serve(program: Command): void {
  program
    .command('serve')
    .description('Serves predictions over HTTP: batched, every task in one forward pass.')
    .addArgument(trainedArgument())
    .addOption(experimentOption())
    .addOption(engineOption())
    .option('--host <address>', 'where to listen; anybody who can reach it is served', '127.0.0.1')
    .option('--port <n>', 'the port; 0 takes a free one', wholeNumber(0, 65_535), 8080)
    .option('--max-batch <n>', 'examples in a forward pass, and in a request', wholeNumber(1), 16)
    .option('--max-wait <ms>', 'how long an example waits for others', wholeNumber(0), 2)
    .option('--max-bytes <n>', 'bytes of a request', wholeNumber(1), 8 * 2 ** 20)
    .option('--timeout <ms>', 'how long a request may take to arrive', wholeNumber(1), 10_000)
    .option('--max-waiting <n>', 'examples that may wait; beyond, requests get 503', wholeNumber(1), 1024)
    .addHelpText(
      'after',
      `
POST /predict takes a file as it is, or JSON as TensorFlow Serving does: { "instances": [ … ] }, where an instance is a
list of numbers, a text, or { "b64": … }. GET /openapi.json describes it; GET /health and GET /metrics (Prometheus) watch
it. SIGTERM and Ctrl-C answer what has come, and end.

Examples:
  espalier serve runs/mood --engine native
  curl --data-binary @photo.jpg -H 'content-type: image/jpeg' http://127.0.0.1:8080/predict
  espalier serve runs/mood --host 0.0.0.0 --port 80 --max-batch 64 --max-wait 5`,
    )
    .action(run);
}

async function run(given: string, options: ServeOptions): Promise<void> {
  const { experiment, model } = await loadTrained(given, options);
  const { signal, dispose } = stopOnInterrupt(() => {
    console.error('Answering what has come, then ending. Once more leaves at once.');
  });
  try {
    const { host, port, maxBatch, maxWait: maxWaitMs, maxBytes, timeout: timeoutMs, maxWaiting } = options;
    const service = await predictionService({
      name: experiment.name,
      model,
      read: readInputOf(experiment, model.inputShape),
      limits: { maxBatch, maxWaitMs, maxBytes, timeoutMs, maxWaiting },
    });
    allowPixelFormatsOnly();
    try {
      await once(service.listen(port, host), 'listening');
    } catch (cause) {
      throw new CommandError(
        `There is no listening on ${host}, port ${port}: ${messageOf(cause)}. Give others with --host and --port.`,
        { cause },
      );
    }
    const { address, family, port: taken } = service.address() as AddressInfo;
    console.log(
      `Serving ${experiment.name} on http://${family === 'IPv6' ? `[${address}]` : address}:${taken}`,
    );
    if (!signal.aborted) await once(signal, 'abort');
    await closeService(service);
  } finally {
    dispose();
    model.dispose();
  }
}

/** Decodes pictures of pixels only: what others say may take any time to draw. */
function allowPixelFormatsOnly(): void {
  sharp.block({ operation: ['VipsForeignLoad'] });
  const formats = ['Jpeg', 'Png', 'Webp', 'Tiff', 'Heif', 'Nsgif'];
  sharp.unblock({ operation: formats.map((format) => `VipsForeignLoad${format}`) });
}
