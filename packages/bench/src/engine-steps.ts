import * as engine from '@espalier/engine';
import { aggregators } from '@espalier/losses';
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';

/** One training step, forward, backward and update; waits for its loss. */
export type TrainingStep = () => void;

/** A step as espalier does it, on the engine in use, and as it is written for TensorFlow.js alone. */
export interface StepPair {
  readonly espalier: () => TrainingStep;
  readonly stock: () => TrainingStep;
}

/** `x`, a label for every task (`y0`, `y1`, ...), and the learning rate. */
type Batch = Readonly<Record<string, tf.Tensor>>;

type Loss = (labels: tf.Tensor, predictions: tf.Tensor) => tf.Scalar;

type Layer = tfl.SymbolicTensor;

const rate = 1e-3;

const crossEntropy: Loss = (labels, predictions) => tf.losses.softmaxCrossEntropy(labels, predictions);

const squaredError: Loss = (labels, predictions) => tf.mean(tf.square(tf.sub(labels, predictions)));

/** The same steps are in steps_in_pytorch.py and steps_in_keras.py. */
export const steps = {
  /** 784-512-512, two heads, batch 128. */
  mlp() {
    const input = tfl.input({ shape: [784] });
    const model = tfl.model({ inputs: input, outputs: denseHeads(mlp(input, [512, 512]), 2, 10) });
    return onSum(model, crossEntropy, batchOf(normal([128, 784]), classes([128], 10), classes([128], 10)));
  },
  /** 32, 64 and 128 filters with batch normalisation on 32 x 32 x 3, two heads, batch 32. */
  cnn: () => convolutions([32, 64, 128], 32),
  /** An LSTM of 64 units that tags 32 tokens, batch 32. */
  lstm() {
    const input = tfl.input({ shape: [32] });
    const embedded = tfl.layers.embedding({ inputDim: 1000, outputDim: 64, inputLength: 32 }).apply(input);
    const hidden = tfl.layers
      .lstm({ units: 64, returnSequences: true, recurrentInitializer: 'glorotUniform' })
      .apply(embedded) as Layer;
    const model = tfl.model({ inputs: input, outputs: denseHeads(hidden, 1, 17) });
    const words = tf.cast(tf.randomUniform([32, 32], 0, 1000, 'int32', 1), 'float32');
    return onSum(model, crossEntropy, batchOf(words, classes([32, 32], 17)));
  },
  /** 64-128-128, eight heads, batch 256. */
  'heads8-sum': () => onSum(eightHeads(), squaredError, eightTasks()),
  /** The same by the gradients of each task, weighted by UPGrad. */
  'heads8-pertask': () => onTasks(eightHeads(), 4, squaredError, eightTasks()),
  /** 8 and 16 filters with batch normalisation on 32 x 32 x 3, two heads, batch 16. */
  'small-cnn': () => convolutions([8, 16], 16),
} satisfies Record<string, () => StepPair>;

export type StepName = keyof typeof steps;

function convolutions(filters: readonly number[], batch: number): StepPair {
  const input = tfl.input({ shape: [32, 32, 3] });
  const hidden = filters.reduce((hidden: Layer, filters) => {
    const options = { filters, kernelSize: 3, padding: 'same', useBias: false } as const;
    const convolved = tfl.layers.conv2d(options).apply(hidden);
    const normalised = tfl.layers.batchNormalization().apply(convolved);
    return tfl.layers.maxPooling2d({ poolSize: 2 }).apply(tfl.layers.reLU().apply(normalised)) as Layer;
  }, input);
  const pooled = tfl.layers.globalAveragePooling2d({}).apply(hidden) as Layer;
  const model = tfl.model({ inputs: input, outputs: denseHeads(pooled, 2, 10) });
  return onSum(
    model,
    crossEntropy,
    batchOf(normal([batch, 32, 32, 3]), classes([batch], 10), classes([batch], 10)),
  );
}

function mlp(input: Layer, units: readonly number[]): Layer {
  return units.reduce(
    (hidden, units) => tfl.layers.dense({ units, activation: 'relu' }).apply(hidden) as Layer,
    input,
  );
}

function denseHeads(hidden: Layer, count: number, units: number): Layer[] {
  return Array.from({ length: count }, () => tfl.layers.dense({ units }).apply(hidden) as Layer);
}

function eightHeads(): tfl.LayersModel {
  const input = tfl.input({ shape: [64] });
  return tfl.model({ inputs: input, outputs: denseHeads(mlp(input, [128, 128]), 8, 1) });
}

function eightTasks(): Batch {
  return batchOf(normal([256, 64]), ...Array.from({ length: 8 }, () => normal([256, 1])));
}

function normal(shape: number[]): tf.Tensor {
  return tf.randomNormal(shape, 0, 1, 'float32', 1);
}

function classes(shape: number[], count: number): tf.Tensor {
  const drawn = tf.randomUniform(shape, 0, count, 'int32', 1);
  return tf.cast(tf.oneHot(drawn, count), 'float32');
}

function batchOf(x: tf.Tensor, ...labels: tf.Tensor[]): Batch {
  return { x, ...Object.fromEntries(labels.map((y, task) => [`y${task}`, y])), rate: tf.scalar(rate) };
}

function variablesOf(weights: tfl.LayersModel['weights']): tf.Variable[] {
  return weights.map((weight) => weight.read() as tf.Variable);
}

/** One loss a task. */
const lossesOf = (model: tfl.LayersModel, loss: Loss) => (batch: Batch) =>
  [model.apply(batch.x!, { training: true })]
    .flat()
    .map((output, task) => loss(batch[`y${task}`]!, output as tf.Tensor));

const total = (losses: tf.Scalar[]) => tf.addN(losses) as tf.Scalar;

/** Adam whose step count is state. */
function adam(weights: readonly tf.Variable[]) {
  const zeros = () => weights.map((weight) => tf.tidy(() => tf.variable(tf.zerosLike(weight), false)));
  const [means, squares] = [zeros(), zeros()];
  const [beta1, beta2] = [0.9, 0.999];
  const power1 = tf.variable(tf.scalar(1), false);
  const power2 = tf.variable(tf.scalar(1), false);
  return {
    state: [...means, ...squares, power1, power2],
    update(gradients: ReadonlyMap<tf.Variable, tf.Tensor>, rate: tf.Tensor) {
      power1.assign(tf.mul(power1, beta1));
      power2.assign(tf.mul(power2, beta2));
      const correction = tf.div(tf.sqrt(tf.sub(1, power2)), tf.sub(1, power1));
      const stepSize = tf.mul<tf.Scalar>(correction, rate);
      weights.forEach((variable, index) => {
        const [mean, square] = [means[index]!, squares[index]!];
        const gradient = gradients.get(variable)!;
        engine.applyAdam({ variable, mean, square, gradient, beta1, beta2, stepSize, epsilon: 1e-7 });
      });
    },
  };
}

/** A step on the plain sum of the losses. */
function onSum(model: tfl.LayersModel, loss: Loss, batch: Batch): StepPair {
  const weights = variablesOf(model.trainableWeights);
  const losses = lossesOf(model, loss);
  return {
    espalier() {
      const { state, update } = adam(weights);
      const { entries } = engine.program({
        state: [...variablesOf(model.weights), ...state],
        entries: {
          train(batch: Batch) {
            const { loss, gradients } = engine.lossGradients(() => total(losses(batch)), weights);
            update(gradients, batch.rate!);
            return { loss };
          },
        },
      });
      return () => tf.tidy(() => void entries.train(batch).loss.dataSync());
    },
    stock() {
      const optimizer = tf.train.adam(rate);
      return () =>
        tf.tidy(() => void optimizer.minimize(() => total(losses(batch)), true, weights)!.dataSync());
    },
  };
}

/**
 * A step on per-task gradients.
 *
 * @param count How many of the weights are the trunk's.
 */
function onTasks(model: tfl.LayersModel, count: number, loss: Loss, batch: Batch): StepPair {
  const weights = variablesOf(model.trainableWeights);
  const [shared, own] = [weights.slice(0, count), weights.slice(count)];
  const losses = lossesOf(model, loss);
  return {
    espalier() {
      const { state, update } = adam(weights);
      const { entries, carry } = engine.gradientEntries({
        losses,
        shared,
        own,
        update: (gradients, { rate }: { rate: tf.Tensor }) => update(gradients, rate),
      });
      const { gradients, apply } = engine.program({ state: [...weights, ...state, carry], entries }).entries;
      const { rate, ...inputs } = batch;
      return () =>
        tf.tidy(() => {
          const { gramian, losses } = gradients(inputs);
          losses.dataSync();
          apply({ weights: tf.tensor1d(weightsOf(gramian.arraySync())), rate: rate! });
        });
    },
    /** As it is done without us: T calls of variableGrads, each with a forward pass of its own. */
    stock() {
      const optimizer = tf.train.adam(rate);
      return () =>
        tf.tidy(() => {
          const tasks = own
            .slice(0, own.length / 2)
            .map((_, task) =>
              tf.variableGrads(() => losses(batch)[task]!, [...shared, own[2 * task]!, own[2 * task + 1]!]),
            );
          const jacobian = tf.stack(
            tasks.map(({ grads }) => tf.concat(shared.map(({ name }) => tf.reshape(grads[name]!, [-1])))),
          ) as tf.Tensor2D;
          for (const { value } of tasks) value.dataSync();
          const gramian = tf.matMul<tf.Tensor2D>(jacobian, jacobian, false, true).arraySync();
          const row = tf.matMul(tf.tensor2d([weightsOf(gramian)]), jacobian);
          const parts = tf.split(
            row,
            shared.map(({ size }) => size),
            1,
          );
          optimizer.applyGradients({
            ...Object.assign({}, ...tasks.map(({ grads }) => grads)),
            ...Object.fromEntries(
              shared.map(({ name, shape }, index) => [name, tf.reshape(parts[index]!, shape)]),
            ),
          });
        });
    },
  };
}

const upGrad = aggregators.upGrad();

function weightsOf(gramian: number[][]): number[] {
  return Array.from(upGrad.weights(gramian.map((row) => Float64Array.from(row))));
}
