// Measures the engine's WASM kernels beside tfjs's own: `pnpm build && node bench/wasm-kernels.mjs [rounds]`.
// Convolutions are measured by `pnpm bench engine`.
// The two take turns, and medians are compared, so that a busy machine slows both alike.
import '@tensorflow/tfjs-backend-wasm';
import * as engine from '@espalier/engine';
import * as tf from '@tensorflow/tfjs-core';

const rounds = Number(process.argv[2] ?? 9);

const stock = new Map(
  tf.getKernelsForBackend('wasm').map(({ kernelName, kernelFunc }) => [kernelName, kernelFunc]),
);
await engine.use('wasm');
const own = new Map(
  tf.getKernelsForBackend('wasm').map(({ kernelName, kernelFunc }) => [kernelName, kernelFunc]),
);

const random = (...shape) => tf.randomNormal(shape);

/** The kernels below the one that is measured are of the same kind: stock kernels run with stock kernels. */
function install(kernels) {
  for (const config of tf.getKernelsForBackend('wasm')) {
    config.kernelFunc = kernels.get(config.kernelName) ?? own.get(config.kernelName);
  }
}

function time(kernels, name, inputs, attrs) {
  install(kernels);
  const start = performance.now();
  const result = tf.engine().runKernel(name, inputs, attrs);
  const elapsed = performance.now() - start;
  tf.dispose(result);
  return elapsed;
}

/** The medians of candidates that take turns. */
function compare(candidates) {
  const times = candidates.map(() => []);
  for (let round = -2; round < rounds; round++) {
    candidates.forEach((candidate, index) => {
      const elapsed = candidate();
      if (round >= 0) times[index].push(elapsed);
    });
  }
  return times.map((values) => values.sort((a, b) => a - b)[values.length >> 1]);
}

const format = (value) =>
  value === undefined ? '–' : value >= 10 ? value.toFixed(0) : value.toFixed(value >= 1 ? 1 : 2);

console.log(
  `Medians of ${rounds} rounds, ms a call. Node ${process.version}, ${process.platform} ${process.arch}.\n`,
);
const picture = random(32, 64, 64, 16);
const perChannel = random(16);
const variance = tf.abs(perChannel);
const pooled = tf.engine().runKernel('MaxPool', { x: picture }, { filterSize: 2, strides: 2, pad: 'valid' });
const words = tf.randomUniform([2048], 0, 30000, 'int32');
const cases = [
  [
    'BatchMatMul, aᵀ b: [128, 784]ᵀ [128, 512]',
    'BatchMatMul',
    { a: random(128, 784), b: random(128, 512) },
    { transposeA: true, transposeB: false },
  ],
  [
    'BatchMatMul, a bᵀ: [128, 512] [784, 512]ᵀ',
    'BatchMatMul',
    { a: random(128, 512), b: random(784, 512) },
    { transposeA: false, transposeB: true },
  ],
  [
    'BatchMatMul, a bᵀ, 128 of [64, 32]',
    'BatchMatMul',
    { a: random(128, 64, 32), b: random(128, 64, 32) },
    { transposeA: false, transposeB: true },
  ],
  [
    'FusedBatchNorm',
    'FusedBatchNorm',
    { x: picture, mean: perChannel, variance, offset: perChannel, scale: perChannel },
    { varianceEpsilon: 1e-3 },
  ],
  ['Sum over batch, height, width', 'Sum', { x: picture }, { axis: [0, 1, 2], keepDims: false }],
  ['Mean over height and width', 'Mean', { x: picture }, { axis: [1, 2], keepDims: false }],
  ['Multiply by one value a channel', 'Multiply', { a: picture, b: perChannel }, {}],
  ['Add one value a channel', 'Add', { a: picture, b: perChannel }, {}],
  [
    'Tile of [1, 1, 1, 16] over the batch',
    'Tile',
    { x: tf.reshape(perChannel, [1, 1, 1, 16]) },
    { reps: [32, 64, 64, 1] },
  ],
  [
    'MaxPoolGrad 2 x 2',
    'MaxPoolGrad',
    { dy: pooled, input: picture, output: pooled },
    { filterSize: 2, strides: 2, pad: 'valid' },
  ],
  ['Identity', 'Identity', { x: picture }, {}],
  [
    'UnsortedSegmentSum, 2048 words of 30,000 x 64',
    'UnsortedSegmentSum',
    { x: random(2048, 64), segmentIds: words },
    { numSegments: 30000 },
  ],
  [
    'Einsum bqhd,bkhd->bhqk, [8, 64, 4, 16]',
    'Einsum',
    { 0: random(8, 64, 4, 16), 1: random(8, 64, 4, 16) },
    { equation: 'bqhd,bkhd->bhqk' },
  ],
];
console.log('| kernel (pictures: [32, 64, 64, 16]) | engine | stock | stock / engine |');
console.log('|---|---|---|---|');
for (const [label, name, inputs, attrs] of cases) {
  const candidates = [() => time(own, name, inputs, attrs)];
  if (stock.has(name)) candidates.push(() => time(stock, name, inputs, attrs));
  const [ours, theirs] = compare(candidates);
  console.log(
    `| ${label} | ${format(ours)} | ${format(theirs)} | ${theirs === undefined ? 'missing' : `${format(theirs / ours)} x`} |`,
  );
}
