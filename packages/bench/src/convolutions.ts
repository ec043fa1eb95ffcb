import * as tf from '@tensorflow/tfjs-core';
import { inTurns, repeat, type Timing } from './in-turns.js';

interface Convolution {
  readonly kind: 'full' | 'depthwise';
  /** Of a picture. */
  readonly size: number;
  readonly channels: number;
  /** Filters; of a depthwise convolution, results a channel. */
  readonly filters: number;
  readonly filter?: number;
  readonly stride?: number;
  readonly dilation?: number;
  readonly pad?: 'same' | 'valid';
}

/** The gradients of a convolution beside its forward pass. */
export interface ConvolutionRow {
  readonly convolution: string;
  readonly forward: number;
  readonly input: number;
  readonly filter: number;
}

const batch = 32;

const full = (size: number, channels: number, filters: number, more: Partial<Convolution> = {}) =>
  ({ kind: 'full', size, channels, filters, ...more }) as const;

const depthwise = (size: number, channels: number, filters: number, more: Partial<Convolution> = {}) =>
  ({ kind: 'depthwise', size, channels, filters, ...more }) as const;

const convolutions: readonly Convolution[] = [
  full(64, 1, 16),
  full(64, 1, 16, { stride: 2 }),
  full(28, 1, 8, { filter: 5, pad: 'valid' }),
  full(64, 3, 16),
  full(112, 3, 32, { stride: 2 }),
  full(64, 3, 32, { filter: 7, stride: 4 }),
  full(32, 16, 16),
  full(32, 16, 32, { stride: 2 }),
  full(32, 16, 32, { pad: 'valid' }),
  full(32, 16, 16, { filter: 5 }),
  full(32, 5, 7),
  full(32, 16, 1),
  full(16, 64, 64),
  full(16, 64, 64, { stride: 2 }),
  full(16, 64, 128, { filter: 1 }),
  full(16, 64, 128, { filter: 1, stride: 2 }),
  full(8, 64, 128),
  depthwise(64, 1, 1),
  depthwise(64, 3, 1),
  depthwise(64, 3, 4),
  depthwise(64, 16, 1),
  depthwise(64, 16, 1, { stride: 2 }),
  depthwise(32, 16, 2, { stride: 2 }),
  depthwise(32, 64, 1),
  depthwise(32, 64, 1, { stride: 2 }),
  depthwise(32, 64, 1, { pad: 'valid' }),
  depthwise(32, 64, 1, { dilation: 2 }),
  depthwise(32, 32, 1, { filter: 5 }),
  depthwise(7, 64, 1),
];

const kernels = {
  full: { forward: 'Conv2D', input: 'Conv2DBackpropInput', filter: 'Conv2DBackpropFilter' },
  depthwise: {
    forward: 'DepthwiseConv2dNative',
    input: 'DepthwiseConv2dNativeBackpropInput',
    filter: 'DepthwiseConv2dNativeBackpropFilter',
  },
} as const;

/** Measures every convolution on the engine in use: ms of a call, the median of rounds of `ms` that take turns. */
export async function measureConvolutions(rounds: number, ms: number): Promise<ConvolutionRow[]> {
  const rows: ConvolutionRow[] = [];
  for (const convolution of convolutions) rows.push(await measure(convolution, rounds, ms));
  return rows;
}

async function measure(convolution: Convolution, rounds: number, ms: number): Promise<ConvolutionRow> {
  const { kind, size, channels, filters, filter = 3, stride = 1, dilation = 1, pad = 'same' } = convolution;
  const names = kernels[kind];
  const x = tf.randomNormal([batch, size, size, channels]);
  const weights = tf.randomNormal([filter, filter, channels, filters]);
  const attrs = { strides: stride, pad, dataFormat: 'NHWC', dilations: [dilation, dilation] };
  const run = (name: string, inputs: tf.NamedTensorMap, more: tf.NamedAttrMap = {}): tf.Tensor =>
    tf.engine().runKernel(name, inputs, { ...attrs, ...more });
  const dy = tf.tidy(() => tf.randomNormal(run(names.forward, { x, filter: weights }).shape));
  const contestant = (name: string, inputs: tf.NamedTensorMap, more?: tf.NamedAttrMap) => (ms: number) =>
    repeat(() => tf.dispose(run(name, inputs, more)), ms);
  const timings = await inTurns(
    {
      forward: contestant(names.forward, { x, filter: weights }),
      input: contestant(names.input, { dy, filter: weights }, { inputShape: x.shape }),
      filter: contestant(names.filter, { x, dy }, { filterShape: weights.shape }),
    },
    { rounds, ms },
  );
  tf.dispose([x, weights, dy]);
  return {
    convolution: describe(convolution),
    forward: msOf(timings.forward!),
    input: msOf(timings.input!),
    filter: msOf(timings.filter!),
  };
}

function msOf(timing: Timing): number {
  if ('error' in timing) throw new Error(timing.error);
  return timing.ms;
}

function describe({ kind, size, channels, filters, filter = 3, stride, dilation, pad }: Convolution): string {
  return [
    `${size} x ${size}, ${channels} to ${kind === 'full' ? filters : channels * filters}`,
    `${kind === 'full' ? '' : 'depthwise '}${filter} x ${filter}`,
    ...(stride === undefined ? [] : [`stride ${stride}`]),
    ...(dilation === undefined ? [] : [`dilation ${dilation}`]),
    ...(pad === undefined ? [] : [pad]),
  ].join(', ');
}
