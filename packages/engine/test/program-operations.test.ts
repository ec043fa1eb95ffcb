import '@tensorflow/tfjs-layers';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, test } from 'vitest';
import * as engine from '../src/index.js';
import { distance, random } from './both-backends.js';

const missing = await engine.use('native').then(
  () => undefined,
  (error: Error) => error.message,
);
if (missing !== undefined) console.warn(`Operations are not traced: ${missing}`);

type Operation = (x: tf.Tensor4D) => tf.Tensor;

const filter = (shape: [number, number, number, number]) => random<tf.Rank.R4>(shape, 7);
const matrix = (x: tf.Tensor4D) => tf.reshape(x, [24, 16]) as tf.Tensor2D;
const video = (x: tf.Tensor4D) => tf.reshape(x, [2, 2, 3, 8, 4]) as tf.Tensor5D;
const integers = (x: tf.Tensor) => tf.cast(tf.floor(tf.mul(tf.abs(x), 9)), 'int32');

const unary: readonly ((x: tf.Tensor4D) => tf.Tensor)[] = [
  tf.abs,
  tf.acos,
  tf.asin,
  tf.asinh,
  tf.atan,
  tf.atanh,
  tf.ceil,
  tf.clone,
  tf.cos,
  tf.cosh,
  tf.elu,
  tf.erf,
  tf.exp,
  tf.expm1,
  tf.floor,
  tf.leakyRelu,
  tf.logSoftmax,
  tf.logSumExp,
  tf.max,
  tf.mean,
  tf.min,
  tf.neg,
  tf.relu,
  tf.relu6,
  tf.round,
  tf.selu,
  tf.sigmoid,
  tf.sign,
  tf.sin,
  tf.sinh,
  tf.softmax,
  tf.softplus,
  tf.square,
  tf.step,
  tf.sum,
  tf.tan,
  tf.tanh,
  tf.transpose,
];

/** Operations whose gradient is traced too. */
const differentiable: Record<string, Operation> = {
  ...Object.fromEntries(unary.map((operation) => [operation.name, (x: tf.Tensor4D) => operation(x)])),
  cumsum: (x) => tf.cumsum(x, 3),
  logs: (x) => tf.addN([x, tf.log(tf.add(x, 2)), tf.log1p(x), tf.sqrt(tf.add(x, 2)), tf.rsqrt(tf.add(x, 2))]),
  reciprocal: (x) => tf.reciprocal(tf.add(x, 2)),
  acosh: (x) => tf.acosh(tf.add(x, 3)),
  arithmetic: (x) => tf.div(tf.sub(tf.mul(x, 3), tf.pow(tf.add(x, 2), 2)), tf.add(x, 4)),
  others: (x) =>
    tf.addN([tf.maximum(x, 0.1), tf.minimum(x, 0.1), tf.squaredDifference(x, 1), tf.mod(x, 0.3)]),
  atan2: (x) => tf.atan2(x, tf.add(x, 3)),
  prelu: (x) => tf.prelu(x as tf.Tensor, tf.fill([4], 0.3)),
  clipByValue: (x) => tf.clipByValue(x, -0.5, 0.5),
  where: (x) => tf.where(tf.tensor1d([true, false, true, false]), x, tf.mul(x, 2)),
  prod: (x) => tf.prod(tf.add(x, 2), [1]),
  matMul: (x) => tf.matMul(matrix(x), matrix(x), true, false),
  batchMatMul: (x) => tf.matMul(x, x, false, true),
  fusedMatMul: (x) =>
    tf.fused.matMul({ a: matrix(x), b: tf.ones([16, 3]), bias: tf.ones([3]), activation: 'relu' }),
  conv2d: (x) => tf.conv2d(x, filter([3, 3, 4, 5]), 1, 'same'),
  strided: (x) => tf.conv2d(x, filter([3, 3, 4, 5]), 2, 'valid'),
  transposed: (x) => tf.conv2dTranspose(x, filter([3, 3, 5, 4]), [2, 12, 16, 5], 2, 'same'),
  fusedConv2d: (x) =>
    tf.fused.conv2d({
      x,
      filter: filter([3, 3, 4, 5]),
      strides: 1,
      pad: 'same',
      bias: tf.ones([5]),
      activation: 'relu',
    }),
  depthwise: (x) => tf.depthwiseConv2d(x, filter([3, 3, 4, 2]), 1, 'same'),
  separable: (x) => tf.separableConv2d(x, filter([3, 3, 4, 2]), filter([1, 1, 8, 3]), 1, 'same'),
  conv3d: (x) =>
    tf.conv3d(video(x), tf.reshape(filter([3, 3, 4, 4]), [2, 3, 3, 4, 2]) as tf.Tensor5D, 1, 'same'),
  maxPool: (x) => tf.maxPool(x, 2, 2, 'same'),
  avgPool: (x) => tf.avgPool(x, 3, 1, 'same'),
  maxPool3d: (x) => tf.maxPool3d(video(x), 2, 1, 'same'),
  avgPool3d: (x) => tf.avgPool3d(video(x), 2, 1, 'same'),
  batchNorm: (x) => tf.batchNorm(x, tf.zeros([4]), tf.ones([4]), tf.ones([4]), tf.ones([4]), 1e-3),
  localResponseNormalization: (x) => tf.localResponseNormalization(x),
  concat: (x) => tf.concat([x, x], 1),
  stack: (x) => tf.stack([x, tf.mul(x, 2)], 1),
  unstack: (x) => tf.unstack(x, 1)[2]!,
  split: (x) => tf.split(x, 2, 3)[1]!,
  slice: (x) => tf.slice(x, [0, 1, 2, 0], [2, 3, 4, 2]),
  gather: (x) => tf.gather(x, tf.tensor1d([2, 0, 2], 'int32'), 1),
  segmentSum: (x) => tf.unsortedSegmentSum(x, tf.tensor1d([1, 1], 'int32'), 3),
  pad: (x) =>
    tf.pad(x, [
      [0, 0],
      [1, 2],
      [0, 1],
      [0, 0],
    ]),
  mirrorPad: (x) =>
    tf.mirrorPad(
      x,
      [
        [0, 0],
        [1, 2],
        [0, 1],
        [0, 0],
      ],
      'reflect',
    ),
  tile: (x) => tf.tile(x, [1, 2, 1, 1]),
  broadcastTo: (x) => tf.broadcastTo(tf.sum(x, 0, true), [3, 6, 8, 4]),
  reverse: (x) => tf.reverse(x, 1),
  expandDims: (x) => tf.expandDims(x, 2),
  squeeze: (x) => tf.squeeze(tf.sum(x, 1, true)),
  spaceToBatchND: (x) =>
    tf.spaceToBatchND(
      x,
      [2, 2],
      [
        [0, 0],
        [0, 0],
      ],
    ),
  batchToSpaceND: (x) =>
    tf.batchToSpaceND(
      x,
      [2, 1],
      [
        [0, 0],
        [0, 0],
      ],
    ),
  resizeBilinear: (x) => tf.image.resizeBilinear(x, [9, 5]),
  resizeNearest: (x) => tf.image.resizeNearestNeighbor(x, [9, 5]),
  losses: (x) => tf.losses.huberLoss(tf.zerosLike(x), x),
  crossEntropy: (x) => tf.losses.sigmoidCrossEntropy(tf.onesLike(x), x),
  dilation2d: (x) => tf.dilation2d(x, tf.reshape(filter([3, 3, 4, 1]), [3, 3, 4]) as tf.Tensor3D, 1, 'same'),
  cast: (x) => tf.cast(x, 'float32'),
};

/** Operations whose result has no gradient in tfjs, or is not of float32. */
const others: Record<string, Operation> = {
  comparisons: (x) =>
    tf.stack([
      tf.equal(x, 0),
      tf.notEqual(x, 0),
      tf.greater(x, 0),
      tf.greaterEqual(x, 0),
      tf.less(x, 0),
      tf.lessEqual(x, 0),
      tf.logicalAnd(tf.greater(x, 0), tf.less(x, 0.5)),
      tf.logicalOr(tf.greater(x, 0.5), tf.less(x, -0.5)),
      tf.logicalXor(tf.greater(x, 0), tf.less(x, 0.5)),
      tf.logicalNot(tf.greater(x, 0)),
      tf.isNaN(x),
      tf.isInf(x),
      tf.isFinite(x),
    ]),
  stridedSlice: (x) => tf.stridedSlice(x, [0, 0, 0, 0], [2, 6, 8, 4], [1, 2, 3, 1]),
  gatherND: (x) => tf.gatherND(x, tf.tensor2d([[1, 2, 3, 0]], [1, 4], 'int32')),
  all: (x) => tf.all(tf.greater(x, -2)),
  any: (x) => tf.any(tf.greater(x, 0), 1),
  argMax: (x) => tf.argMax(x, 1),
  argMin: (x) => tf.argMin(x, -1),
  oneHot: (x) => tf.oneHot(integers(x), 10),
  topk: (x) => tf.topk(x, 2).values,
  ranks: (x) => tf.topk(x, 2).indices,
  einsum: (x) => tf.einsum('abcd,abcd->ab', x, x),
  cumprod: (x) => tf.cumprod(x, 1),
  scatterND: (x) =>
    tf.scatterND(tf.reshape(integers(tf.slice(x, 0, [2, 1, 1, 1])), [2, 1]), tf.ones([2]), [10]),
  sparseToDense: () => tf.sparseToDense(tf.tensor1d([1, 3], 'int32'), tf.tensor1d([4, 5]), [6], 0),
  bincount: (x) => tf.bincount(tf.reshape(integers(x), [-1]) as tf.Tensor1D, tf.tensor1d([]), 10),
  integers: (x) => tf.floorDiv(integers(x), tf.scalar(2, 'int32')),
  linspace: (x) => tf.mul(tf.linspace(0, 1, 4), x),
  range: (x) => tf.mul(tf.range(0, 4), x),
  fill: (x) => tf.mul(tf.fill([4], 3), x),
  eye: (x) => tf.matMul(matrix(x), tf.eye(16)),
  fft: (x) => tf.abs(tf.fft(tf.complex(x, tf.zerosLike(x)))),
  real: (x) => tf.real(tf.complex(x, x)),
  imag: (x) => tf.imag(tf.complex(x, x)),
  cropAndResize: (x) =>
    tf.image.cropAndResize(x, tf.tensor2d([[0, 0, 1, 1]]), tf.tensor1d([1], 'int32'), [3, 3]),
  flip: (x) => tf.image.flipLeftRight(x),
  depthToSpace: (x) => tf.depthToSpace(x, 2, 'NHWC'),
  bandPart: (x) => tf.linalg.bandPart(matrix(x), 1, 1),
  diag: () => tf.diag(tf.tensor1d([1, 2, 3])),
  moments: (x) => tf.moments(x, [0, 1]).variance,
};

describe.skipIf(missing !== undefined)('traced operations', () => {
  const x = random<tf.Rank.R4>([2, 6, 8, 4], 3);
  const run = (step: (inputs: { x: tf.Tensor4D }) => engine.NamedTensors) => {
    const traced = engine.program({ state: [], entries: { step } });
    const eager = engine.program({ state: [], entries: { step }, traced: false });
    const [found, expected] = [traced, eager].map((program) => {
      const outputs = program.entries.step({ x });
      program.dispose();
      return Object.values(outputs).map((tensor) => ({
        shape: tensor.shape,
        values: tensor.dataSync<'float32'>(),
      }));
    });
    expected!.forEach(({ shape, values }, index) => {
      expect(found![index]!.shape).toEqual(shape);
      expect(distance(found![index]!.values, values)).toBeLessThan(1e-5);
    });
  };

  test.each(Object.entries(differentiable))('%s and its gradient are the eager ones', (_name, operation) => {
    run(({ x }) => ({
      y: operation(x),
      gradient: tf.grad((x: tf.Tensor) => tf.sum(tf.square(operation(x as tf.Tensor4D))))(x),
    }));
  });

  test.each(Object.entries(others))('%s is the eager one', (_name, operation) => {
    run(({ x }) => ({ y: operation(x) }));
  });
});
