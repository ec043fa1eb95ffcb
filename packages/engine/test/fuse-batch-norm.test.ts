import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { beforeAll, describe, expect, test } from 'vitest';
import * as engine from '../src/index.js';
import { fuseBatchNorms } from '../src/program/fuse-batch-norm.js';
import type { GraphNode } from '../src/program/saved-model.js';
import { distance, random } from './both-backends.js';
import { isNativeInstalled } from './native-installed.js';

const node = (name: string, op: string, ...inputs: string[]): GraphNode => ({
  name,
  op,
  inputs,
  attributes: {},
});

const normalise = (name: string, training: boolean, ...inputs: string[]): GraphNode => ({
  ...node(name, 'FusedBatchNorm', ...inputs),
  attributes: { epsilon: { kind: 'float', value: 1e-3 }, is_training: { kind: 'bool', value: training } },
});

describe('a graph that normalises by moments computed one by one', () => {
  const moments = [
    node('mean', 'Mean', 'x', 'axes'),
    node('shaped', 'Reshape', 'mean', 'shape'),
    node('deviation', 'Sub', 'x', 'shaped'),
    node('squares', 'Square', 'deviation'),
    node('variance', 'Mean', 'squares', 'axes'),
    normalise('steps', false, 'x', 'scale', 'offset', 'mean', 'variance'),
    node('relu', 'Relu', 'steps'),
    node('moving', 'AssignVariableOp', 'handle', 'variance'),
  ];
  const gradient = [
    normalise('whole', true, 'x', 'scale', 'zeros', 'none', 'none'),
    node('gradient', 'FusedBatchNormGrad', 'dy', 'x', 'scale', 'whole:3', 'whole:4'),
  ];
  const averaged = new Map([
    ['mean', 8],
    ['variance', 8],
  ]);
  const inputsOf = (nodes: readonly GraphNode[], name: string) =>
    nodes.find((node) => node.name === name)!.inputs;

  test('takes the result and the moments from the forward pass of the gradient', () => {
    const nodes = fuseBatchNorms([...moments, ...gradient], averaged);
    expect(inputsOf(nodes, 'whole')).toEqual(['x', 'scale', 'offset', 'none', 'none']);
    expect(inputsOf(nodes, 'relu')).toEqual(['whole']);
    expect(inputsOf(nodes, 'gradient').slice(3)).toEqual(['whole:3', 'whole:4']);
    const variance = nodes.find(({ name }) => name === inputsOf(nodes, 'moving')[1])!;
    expect([variance.op, variance.inputs[0]]).toEqual(['Mul', 'whole:2']);
    const { value } = nodes.find(({ name }) => name === variance.inputs[1])!.attributes;
    expect(value?.kind === 'tensor' && new Float32Array(value.value.content.buffer)).toEqual(
      Float32Array.of(7 / 8),
    );
  });

  test('runs one forward pass for the gradients of all tasks', () => {
    const second = [
      normalise('again', true, 'x', 'scale', 'zeros', 'none', 'none'),
      node('other', 'FusedBatchNormGrad', 'dy2', 'x', 'scale', 'again:3', 'again:4'),
    ];
    const nodes = fuseBatchNorms([...moments, ...gradient, ...second], averaged);
    expect(inputsOf(nodes, 'other').slice(3)).toEqual(['whole:3', 'whole:4']);
  });

  test('is left without a gradient, and where the moments are over other axes or of another tensor', () => {
    const left = (nodes: GraphNode[], known = averaged) =>
      expect(inputsOf(fuseBatchNorms(nodes, known), 'relu')).toEqual(['steps']);
    left(moments);
    left([...moments, ...gradient], new Map([['mean', 8]]));
    left([...moments.slice(1), node('mean', 'Mean', 'y', 'axes'), ...gradient]);
  });
});

describe.runIf(await isNativeInstalled())('on native', () => {
  beforeAll(() => engine.use('native'));

  test.each([[[5, 4, 4, 3]], [[6, 3]]])(
    'a traced step on %j is the function itself, moving moments too',
    (shape) => {
      const layer = tfl.layers.batchNormalization({ momentum: 0.7 });
      const x = random(shape, 1);
      const weights = random(shape, 2);
      tf.dispose(layer.apply(x) as tf.Tensor);
      const all = layer.weights.map((weight) => weight.read() as tf.Variable);
      const trained = layer.trainableWeights.map((weight) => weight.read() as tf.Variable);
      const losses = (x: tf.Tensor) => {
        const y = layer.apply(tf.mul(x, 2), { training: true }) as tf.Tensor;
        return [tf.sum(tf.pow(y, 3)), tf.sum(tf.mul(weights, y))] as tf.Scalar[];
      };
      const step = ({ x }: { x: tf.Tensor }) => {
        const { losses: values, gradients } = engine.perTaskGradients(() => losses(x), trained);
        for (const [index, variable] of trained.entries()) {
          variable.assign(
            tf.sub(variable, tf.mul(1e-2, tf.add(gradients[0]![index]!, gradients[1]![index]!))),
          );
        }
        return { losses: tf.stack([...values]) };
      };
      const former = all.map((variable) => variable.dataSync());
      const results = [true, false].map((traced) => {
        for (const [index, variable] of all.entries())
          variable.assign(tf.tensor(former[index]!, variable.shape));
        const program = engine.program({ state: all, entries: { step }, traced });
        const found = [1, 2, 3].map(() => program.entries.step({ x }).losses.dataSync());
        program.dispose();
        return [...found, ...all.map((variable) => variable.dataSync())];
      }) as [Float32Array[], Float32Array[]];
      results[0].forEach((found, index) => {
        expect(distance(found, results[1][index]!), `result ${index}`).toBeLessThan(1e-4);
      });
      tf.dispose([x, weights]);
      layer.dispose();
    },
  );
});
