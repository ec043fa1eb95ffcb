/** `pnpm bench sharing`: what a further task costs in hard sharing, by traced training steps. */
import { parseArgs } from 'node:util';
import { multiTaskModel, type Target, type Trunk } from '@espalier/core';
import * as engine from '@espalier/engine';
import { hardSharing } from '@espalier/sharing';
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { type Budget, type Contestant, inTurns, repeat } from './in-turns.js';
import { regression } from './regression.js';
import { describeMachine, machineLine, markdownTable, writeJson } from './report.js';

const { values: options } = parseArgs({
  options: {
    json: { type: 'string' },
    rounds: { type: 'string', default: '7' },
    ms: { type: 'string', default: '1000' },
    help: { type: 'boolean', default: false },
  },
});

const usage = `pnpm bench sharing [options]

  --json FILE  write the figures to FILE
  --rounds N   how many rounds of each, in turns; the median of them is shown (default 7)
  --ms N       how long a round is (default 1000)
`;

const numbersOfTasks = [1, 2, 4, 8];

interface Setting {
  readonly name: string;
  readonly inputShape: readonly number[];
  readonly batch: number;
  readonly trunk: () => Trunk;
}

const convolution = (filters: number) =>
  tfl.layers.conv2d({ filters, kernelSize: 3, padding: 'same', strides: 2, activation: 'relu' });

const settings: readonly Setting[] = [
  {
    name: 'MLP 784-512-512, batch 128',
    inputShape: [784],
    batch: 128,
    trunk: () => [512, 512].map((units) => tfl.layers.dense({ units, activation: 'relu' })),
  },
  {
    name: 'CNN 32-64-128 on 32 x 32 x 3, batch 32',
    inputShape: [32, 32, 3],
    batch: 32,
    trunk: () => [
      ...[32, 64, 128].map(convolution),
      tfl.layers.globalAveragePooling2d({ dataFormat: 'channelsLast' }),
    ],
  },
];

/** Training steps (forward, gradients, SGD) of hard sharing over so many tasks, traced. */
function trainingSteps({ inputShape, batch, trunk }: Setting, tasks: number): Contestant {
  const names = Array.from({ length: tasks }, (_, index) => `task${index}`);
  const heads = Object.fromEntries(names.map((name) => [name, regression()]));
  const model = multiTaskModel({ inputShape, trunk, sharing: hardSharing(), heads, seed: 1 });
  const { variables } = model;
  const program = engine.program({
    state: variables,
    entries: {
      train({ x, y, rate }: { x: tf.Tensor; y: tf.Tensor; rate: tf.Scalar }) {
        const target: Target = { values: y, mask: tf.ones([batch]) as tf.Tensor1D, labelled: batch };
        const { loss, gradients } = engine.lossGradients(() => {
          const targets = Object.fromEntries(names.map((name) => [name, target]));
          return tf.addN(
            Object.values(model.losses({ inputs: x, targets }, { training: true })) as tf.Scalar[],
          ) as tf.Scalar;
        }, variables);
        for (const [variable, gradient] of gradients) {
          variable.assign(tf.sub(variable, tf.mul(gradient, rate)));
        }
        return { loss };
      },
    },
  });
  const inputs = {
    x: tf.randomNormal([batch, ...inputShape], 0, 1, 'float32', 1),
    y: tf.randomNormal([batch, 1], 0, 1, 'float32', 2),
    rate: tf.scalar(1e-3),
  };
  return (ms) => repeat(() => program.entries.train(inputs).loss.dispose(), ms);
}

async function run(budget: Budget): Promise<void> {
  await engine.use('native');
  const rows = [];
  for (const setting of settings) {
    process.stderr.write(`${setting.name}\n`);
    const timings = await inTurns(
      Object.fromEntries(numbersOfTasks.map((tasks) => [`T = ${tasks}`, trainingSteps(setting, tasks)])),
      budget,
    );
    const ms = numbersOfTasks.map((tasks) => {
      const timing = timings[`T = ${tasks}`]!;
      if ('error' in timing) throw new Error(`${setting.name}, T = ${tasks}: ${timing.error}`);
      return timing.ms;
    });
    rows.push({ setting: setting.name, ms });
  }

  const machine = describeMachine();
  console.log('# What a task costs in hard sharing\n');
  console.log(`${machineLine(machine)}\n`);
  console.log(
    `A training step (forward, gradients, SGD) as a traced program on native TensorFlow, linear heads, in ms: the median ` +
      `of ${budget.rounds} rounds of ${budget.ms} ms, in turns.\n`,
  );
  console.log(
    markdownTable(
      ['trunk', ...numbersOfTasks.map((tasks) => `T = ${tasks}`), 'T = 8 / T = 1'],
      rows.map(({ setting, ms }) => [
        setting,
        ...ms.map((one) => one.toPrecision(3)),
        (ms[ms.length - 1]! / ms[0]!).toFixed(2),
      ]),
    ),
  );
  if (options.json !== undefined) writeJson(options.json, { machine, tasks: numbersOfTasks, rows });
}

if (options.help) console.log(usage);
else await run({ rounds: Number(options.rounds), ms: Number(options.ms) });
