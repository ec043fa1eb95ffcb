// Measures traced training steps beside the same steps of tfjs-node as they are:
// `pnpm build && node bench/traced.mjs [--rounds 7] [--json FILE]`, after `espalier-engine install`.
// The two take turns, and medians are compared, so that a busy machine slows both alike.
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import * as engine from '@espalier/engine';
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';

const { values: options } = parseArgs({ options: { rounds: { type: 'string' }, json: { type: 'string' } } });
const rounds = Number(options.rounds ?? 7);
await engine.use('native');

/** Adam whose moments and step count are variables. */
function adam(weights) {
  const zeros = () => weights.map((weight) => tf.tidy(() => tf.variable(tf.zerosLike(weight), false)));
  const [means, squares] = [zeros(), zeros()];
  const [power1, power2] = [0, 1].map(() => tf.variable(tf.scalar(1), false));
  return {
    state: [...means, ...squares, power1, power2],
    update(gradients, rate) {
      power1.assign(tf.mul(power1, 0.9));
      power2.assign(tf.mul(power2, 0.999));
      const size = tf.mul(tf.div(tf.sqrt(tf.sub(1, power2)), tf.sub(1, power1)), rate);
      weights.forEach((weight, index) => {
        const gradient = gradients.get(weight);
        means[index].assign(tf.add(tf.mul(means[index], 0.9), tf.mul(gradient, 0.1)));
        squares[index].assign(tf.add(tf.mul(squares[index], 0.999), tf.mul(tf.square(gradient), 0.001)));
        const change = tf.div(means[index], tf.add(tf.sqrt(squares[index]), 1e-7));
        weight.assign(tf.sub(weight, tf.mul(change, size)));
      });
    },
  };
}

const variablesOf = (weights) => weights.map((weight) => weight.read());
const classes = (shape, count) =>
  tf.cast(tf.oneHot(tf.randomUniform(shape, 0, count, 'int32'), count), 'float32');
const crossEntropy = (labels, predictions) => tf.losses.softmaxCrossEntropy(labels, predictions);
const squaredError = (labels, predictions) => tf.mean(tf.square(tf.sub(labels, predictions)));

function network(inputs, outputs) {
  return tfl.model({ inputs, outputs });
}

function denseHeads(hidden, count, units) {
  return Array.from({ length: count }, () => tfl.layers.dense({ units }).apply(hidden));
}

function mlp(inputs, units) {
  return units.reduce(
    (hidden, units) => tfl.layers.dense({ units, activation: 'relu' }).apply(hidden),
    inputs,
  );
}

/** The losses of a model's outputs, one a task. */
const lossesOf = (model, loss) => (inputs) =>
  [model.apply(inputs.x, { training: true })].flat().map((output, task) => loss(inputs[`y${task}`], output));

/** A step on the plain sum of the losses. */
function summed(model, loss, data) {
  const weights = variablesOf(model.trainableWeights);
  const { state, update } = adam(weights);
  const losses = lossesOf(model, loss);
  const total = (inputs) => tf.addN(losses(inputs));
  const program = () =>
    engine.program({
      state: [...variablesOf(model.weights), ...state],
      entries: {
        train(inputs) {
          const { loss, gradients } = engine.lossGradients(() => total(inputs), weights);
          update(gradients, inputs.rate);
          return { loss };
        },
      },
    });
  return {
    data,
    traced() {
      const { train } = program().entries;
      return (inputs) => tf.tidy(() => train(inputs).loss.dataSync()[0]);
    },
    stock: () => (inputs) =>
      tf.tidy(() => {
        const { value, grads } = tf.variableGrads(() => total(inputs), weights);
        update(new Map(weights.map((weight) => [weight, grads[weight.name]])), inputs.rate);
        return value.dataSync()[0];
      }),
  };
}

/** A step on per-task gradients, whose weights JavaScript makes of their Gramian. */
function perTask(model, count, loss, data) {
  const weights = variablesOf(model.trainableWeights);
  const [shared, own] = [weights.slice(0, count), weights.slice(count)];
  const { state, update } = adam(weights);
  const losses = lossesOf(model, loss);
  return {
    data,
    traced() {
      const { entries, carry } = engine.gradientEntries({
        losses,
        shared,
        own,
        update: (gradients, { rate }) => update(gradients, rate),
      });
      const { gradients, apply } = engine.program({ state: [...weights, ...state, carry], entries }).entries;
      return ({ rate, ...batch }) =>
        tf.tidy(() => {
          const gramian = gradients(batch).gramian.dataSync();
          apply({ weights: tf.tensor1d(softmaxOfRows(gramian)), rate });
        });
    },
    /** As it is done without us: T calls of variableGrads, each with a forward pass of its own. */
    stock:
      () =>
      ({ rate, ...batch }) =>
        tf.tidy(() => {
          const tasks = Array.from(
            { length: 8 },
            (_, task) => tf.variableGrads(() => losses(batch)[task]).grads,
          );
          const rows = tasks.map((grads) =>
            tf.concat(shared.map(({ name }) => tf.reshape(grads[name], [-1]))),
          );
          const jacobian = tf.stack(rows);
          const gramian = tf.matMul(jacobian, jacobian, false, true).dataSync();
          const row = tf.matMul(tf.tensor2d([softmaxOfRows(gramian)]), jacobian);
          const sizes = shared.map(({ size }) => size);
          const parts = tf.split(row, sizes, 1).map((part, index) => tf.reshape(part, shared[index].shape));
          const ofHead = ({ name }) => tasks.find((grads) => grads[name] !== undefined)[name];
          update(
            new Map([
              ...shared.map((variable, index) => [variable, parts[index]]),
              ...own.map((variable) => [variable, ofHead(variable)]),
            ]),
            rate,
          );
        }),
  };
}

/** Stands for an aggregator: small weights for tasks that agree with the others. */
function softmaxOfRows(gramian) {
  const tasks = Math.sqrt(gramian.length);
  const sums = Array.from({ length: tasks }, (_, task) =>
    Math.exp(-gramian.slice(task * tasks, (task + 1) * tasks).reduce((a, b) => a + b, 0)),
  );
  const total = sums.reduce((a, b) => a + b, 0);
  return sums.map((value) => value / total);
}

function data(x, ...labels) {
  return { x, ...Object.fromEntries(labels.map((y, task) => [`y${task}`, y])), rate: tf.scalar(1e-3) };
}

const steps = {
  mlp() {
    const input = tfl.input({ shape: [784] });
    const model = network(input, denseHeads(mlp(input, [512, 512]), 2, 10));
    return summed(
      model,
      crossEntropy,
      data(tf.randomNormal([128, 784]), classes([128], 10), classes([128], 10)),
    );
  },
  cnn() {
    const input = tfl.input({ shape: [32, 32, 3] });
    let hidden = input;
    for (const filters of [32, 64, 128]) {
      hidden = tfl.layers.conv2d({ filters, kernelSize: 3, padding: 'same', useBias: false }).apply(hidden);
      hidden = tfl.layers.batchNormalization().apply(hidden);
      hidden = tfl.layers.maxPooling2d({ poolSize: 2 }).apply(tfl.layers.reLU().apply(hidden));
    }
    const model = network(input, denseHeads(tfl.layers.globalAveragePooling2d({}).apply(hidden), 2, 10));
    return summed(
      model,
      crossEntropy,
      data(tf.randomNormal([32, 32, 32, 3]), classes([32], 10), classes([32], 10)),
    );
  },
  lstm() {
    const input = tfl.input({ shape: [32] });
    const embedded = tfl.layers.embedding({ inputDim: 1000, outputDim: 64, inputLength: 32 }).apply(input);
    const hidden = tfl.layers
      .lstm({ units: 64, returnSequences: true, recurrentInitializer: 'glorotUniform' })
      .apply(embedded);
    const words = tf.cast(tf.randomUniform([32, 32], 0, 1000, 'int32'), 'float32');
    return summed(
      network(input, denseHeads(hidden, 1, 17)),
      crossEntropy,
      data(words, classes([32, 32], 17)),
    );
  },
  'heads8-sum'() {
    return summed(eightHeads(), squaredError, eightTasks());
  },
  'heads8-pertask'() {
    return perTask(eightHeads(), 4, squaredError, eightTasks());
  },
};

function eightHeads() {
  const input = tfl.input({ shape: [64] });
  return network(input, denseHeads(mlp(input, [128, 128]), 8, 1));
}

function eightTasks() {
  return data(tf.randomNormal([256, 64]), ...Array.from({ length: 8 }, () => tf.randomNormal([256, 1])));
}

function time(run, count) {
  const start = performance.now();
  for (let index = 0; index < count; index++) run();
  return (performance.now() - start) / count;
}

const median = (values) => values.toSorted((a, b) => a - b)[values.length >> 1];

/** Every step traced and as it is: all take turns. */
const candidates = Object.entries(steps).flatMap(([step, make]) =>
  ['traced', 'tfjs-node'].map((name) => {
    const { data, traced, stock } = make();
    const call = name === 'traced' ? traced() : stock();
    const run = () => call(data);
    const first = time(run, 1);
    const warm = time(run, 3);
    return { step, engine: name, run, first, count: Math.max(1, Math.round(150 / warm)), times: [] };
  }),
);
for (let round = 0; round < rounds; round++) {
  for (const { run, count, times } of candidates) times.push(time(run, count));
}

const rows = candidates.map(({ step, engine, times, first }) => ({
  step,
  engine,
  ms: median(times),
  rounds,
  first,
}));
const of = (step, engine) => rows.find((row) => row.step === step && row.engine === engine);
console.log(
  `Medians of ${rounds} rounds, ms a step. Node ${process.version}, ${process.platform} ${process.arch}.\n`,
);
console.log('| step | tfjs-node | traced | times faster | first call, traced |');
console.log('|---|---|---|---|---|');
for (const step of Object.keys(steps)) {
  const [stock, traced] = [of(step, 'tfjs-node'), of(step, 'traced')];
  console.log(
    `| ${step} | ${stock.ms.toFixed(1)} | ${traced.ms.toFixed(2)} | ${(stock.ms / traced.ms).toFixed(1)} | ${traced.first.toFixed(0)} |`,
  );
}
const ratio = of('heads8-pertask', 'traced').ms / of('heads8-sum', 'traced').ms;
console.log(`\n8 per-task gradients take ${ratio.toFixed(2)} times as long as the plain sum, both traced.`);

const nothing = engine.program({ state: [], entries: { nothing: (inputs) => ({ x: inputs.x }) } });
const { data: inputs } = steps['heads8-sum']();
const around = () => tf.tidy(() => nothing.entries.nothing(inputs));
time(around, 50);
console.log(
  `A call that computes nothing, with 10 inputs: ${median(Array.from({ length: rounds }, () => time(around, 200))).toFixed(3)} ms.`,
);
if (options.json !== undefined) {
  writeFileSync(
    options.json,
    `${JSON.stringify(
      rows.map(({ first, ...row }) => row),
      null,
      2,
    )}\n`,
  );
}
