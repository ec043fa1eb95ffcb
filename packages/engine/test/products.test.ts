import * as tf from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import * as engine from '../src/index.js';
import { joinProducts } from '../src/program/join-products.js';
import { multiplyPacked } from '../src/program/multiply-packed.js';
import type { Product } from '../src/program/products.js';
import type { GraphNode } from '../src/program/saved-model.js';
import { transposeOnce } from '../src/program/transpose-once.js';
import { isNativeInstalled } from './native-installed.js';

const matMul = (name: string, a: string, b: string, turned = false): GraphNode => ({
  name,
  op: 'MatMul',
  inputs: [a, b],
  attributes: {
    transpose_a: { kind: 'bool', value: false },
    transpose_b: { kind: 'bool', value: turned },
  },
});
const add = (name: string, ...inputs: string[]): GraphNode => ({ name, op: 'Add', inputs, attributes: {} });

const product: Product = {
  shape: [2, 3],
  operands: [
    { shape: [2, 4], summed: 1 },
    { shape: [4, 3], summed: 0 },
  ],
};
const products = (...names: string[]) => new Map(names.map((name) => [name, product]));

describe('a graph', () => {
  const terms = ['p', 'q', 'r'].map((name) => matMul(`e/${name}`, `a${name}`, `b${name}`));
  const sum = [...terms, add('e/pq', 'e/p', 'e/q'), add('e/sum', 'e/pq', 'e/r')];
  const known = products('e/p', 'e/q', 'e/r');
  const opOf = (nodes: readonly GraphNode[], name: string) => nodes.find((node) => node.name === name)?.op;

  test('a sum of products becomes one product of what is laid side by side', () => {
    const nodes = joinProducts([...sum, add('e/end', 'e/sum', 'x')], known);
    const fused = nodes.find(({ name }) => name === 'e/sum')!;
    expect(fused.op).toBe('MatMul');
    const [left, right] = fused.inputs.map((input) => nodes.find(({ name }) => name === input)!);
    expect([left!.op, ...left!.inputs.slice(0, 3)]).toEqual(['ConcatV2', 'ar', 'aq', 'ap']);
    expect([right!.op, ...right!.inputs.slice(0, 3)]).toEqual(['ConcatV2', 'br', 'bq', 'bp']);
  });

  test('two products, those of other shapes, and those that something else needs are left', () => {
    expect(opOf(joinProducts(sum.slice(0, 4), known), 'e/pq')).toBe('Add');
    const other = new Map(known).set('e/r', { ...product, shape: [1, 3] });
    expect(opOf(joinProducts(sum, other), 'e/sum')).toBe('Add');
    expect(opOf(joinProducts([...sum, add('e/again', 'e/p', 'x')], known), 'e/sum')).toBe('Add');
  });

  const unpack = (num: number, axis = 0): GraphNode => ({
    name: 'u',
    op: 'Unpack',
    inputs: ['x'],
    attributes: { num: { kind: 'int', value: num }, axis: { kind: 'int', value: axis } },
  });
  const pack = (...inputs: string[]): GraphNode => ({
    name: 'stack',
    op: 'Pack',
    inputs,
    attributes: { axis: { kind: 'int', value: 0 } },
  });
  const by = (w: string) => ['p', 'q', 'r'].map((name) => matMul(`e/${name}`, `a${name}`, w));

  test('products by one matrix that are stacked become one', () => {
    const nodes = joinProducts([...by('w'), pack('e/p', 'e/q', 'e/r')], known);
    const stack = nodes.find(({ name }) => name === 'stack')!;
    const whole = nodes.find(({ name }) => name === stack.inputs[0])!;
    expect([stack.op, whole.op, whole.inputs[1]]).toEqual(['Reshape', 'MatMul', 'w']);
    const left = nodes.find(({ name }) => name === whole.inputs[0])!;
    expect([left.op, ...left.inputs.slice(0, 3)]).toEqual(['ConcatV2', 'ap', 'aq', 'ar']);
  });

  test('those that something else needs, by other matrices, or stacked with something else are left', () => {
    const left = (nodes: readonly GraphNode[]) =>
      expect(opOf(joinProducts(nodes, known), 'stack')).toBe('Pack');
    left([...by('w'), pack('e/p', 'e/q', 'e/r'), add('e/again', 'e/p', 'x')]);
    left([...terms, pack('e/p', 'e/q', 'e/r')]);
    left([...by('w'), pack('e/p', 'e/q', 'e/r', 'x')]);
  });

  test('what is unpacked is multiplied as a whole', () => {
    const parts = ['u', 'u:1', 'u:2'].map((part, index) => matMul(`e/${'pqr'[index]}`, part, 'w'));
    const nodes = multiplyPacked([unpack(3), ...parts, add('e/end', 'e/p', 'e/r')], known);
    const [p, r] = nodes.find(({ name }) => name === 'e/end')!.inputs;
    expect(r).toBe(`${p}:2`);
    const unpacked = nodes.find(({ name }) => name === p)!;
    const [shaped] = unpacked.inputs.map((input) => nodes.find(({ name }) => name === input)!);
    const [whole] = shaped!.inputs.map((input) => nodes.find(({ name }) => name === input)!);
    expect([unpacked.op, shaped!.op, whole!.op, whole!.inputs[1]]).toEqual([
      'Unpack',
      'Reshape',
      'MatMul',
      'w',
    ]);
    for (const other of [unpack(4), unpack(3, 1)]) {
      const nodes = multiplyPacked([other, ...parts, add('e/end', 'e/p', 'e/r')], known);
      expect(nodes.find(({ name }) => name === 'e/end')!.inputs).toEqual(['e/p', 'e/r']);
    }
  });

  test('a matrix that three products turn round is turned round once', () => {
    const names = ['e/p', 'e/q', 'e/r'];
    const nodes = transposeOnce(
      names.map((name) => matMul(name, `a${name}`, 'w', true)),
      products(...names),
    );
    const [turned, ...others] = nodes.filter(({ op }) => op === 'Transpose');
    expect(others).toEqual([]);
    expect(turned!.inputs[0]).toBe('w');
    for (const { op, inputs, attributes } of nodes) {
      if (op !== 'MatMul') continue;
      expect(inputs[1]).toBe(turned!.name);
      expect(attributes.transpose_b).toEqual({ kind: 'bool', value: false });
    }
  });
});

describe.runIf(await isNativeInstalled())('on native', () => {
  beforeAll(() => engine.use('native'));

  const length = fc.integer({ min: 1, max: 5 });

  test('a recurrent layer is what it is time by time, its gradients too', () => {
    fc.assert(
      fc.property(
        fc.record({ times: fc.integer({ min: 2, max: 5 }), rows: length, inner: length, columns: length }),
        ({ times, rows, inner, columns }) => {
          tf.tidy(() => {
            const draw = (shape: number[], seed: number) => tf.randomNormal(shape, 0, 1, 'float32', seed);
            const w = tf.variable(draw([inner, columns], 1));
            const u = tf.variable(draw([columns, columns], 2));
            const x = tf.variable(draw([times, rows, inner], 3));
            const step = () => {
              const { loss, gradients } = engine.lossGradients(() => {
                let h = tf.zeros([rows, columns]);
                const states = tf.unstack(x).map((x) => {
                  h = tf.tanh(tf.add(tf.matMul(x, w), tf.matMul(h, u)));
                  return h;
                });
                return tf.sum(tf.square(tf.stack(states))) as tf.Scalar;
              }, [w, u, x]);
              return {
                loss,
                w: gradients.get(w)!,
                u: gradients.get(u) ?? tf.zeros([1]),
                x: gradients.get(x)!,
              };
            };
            const program = engine.program({ state: [w, u, x], entries: { step } });
            const found = program.entries.step();
            for (const [name, expected] of Object.entries(step())) {
              const difference = tf.max(tf.abs(tf.sub(found[name as keyof typeof found], expected)));
              expect(difference.dataSync()[0], name).toBeLessThan(1e-4);
            }
            program.dispose();
            tf.dispose([w, u, x]);
          });
        },
      ),
      { numRuns: 15 },
    );
  });

  test('sums of products and of sums are what they are one by one', () => {
    fc.assert(
      fc.property(
        fc.record({ terms: length, rows: length, inner: length, columns: length }),
        fc.boolean(),
        fc.boolean(),
        ({ terms, rows, inner, columns }, transposeA, transposeB) => {
          const values = (shape: number[]) =>
            Array.from({ length: terms }, (_, seed) => tf.randomNormal(shape, 0, 1, 'float32', seed));
          tf.tidy(() => {
            const left = values(transposeA ? [inner, rows] : [rows, inner]);
            const right = values(transposeB ? [columns, inner] : [inner, columns]);
            const parts = (inputs: Readonly<Record<string, tf.Tensor>>) => {
              const total = (term: (a: tf.Tensor, b: tf.Tensor) => tf.Tensor) =>
                left
                  .map((_, index) => term(inputs[`a${index}`]!, inputs[`b${index}`]!))
                  .reduce((sum, next) => tf.add(sum, next));
              return {
                products: total((a, b) => tf.matMul(a, b, transposeA, transposeB)),
                shared: total((a) => tf.tanh(tf.matMul(a, inputs.b0!, transposeA, transposeB))),
                sums: total((a) => tf.sum(a, 0)),
                kept: total((a) => tf.sum(a, -1, true)),
              };
            };
            const inputs = Object.fromEntries([
              ...left.map((tensor, index) => [`a${index}`, tensor] as const),
              ...right.map((tensor, index) => [`b${index}`, tensor] as const),
            ]);
            const program = engine.program({ state: [], entries: { parts } });
            const found = program.entries.parts(inputs);
            for (const [name, expected] of Object.entries(parts(inputs))) {
              const difference = tf.max(tf.abs(tf.sub(found[name as keyof typeof found], expected)));
              expect(difference.dataSync()[0], name).toBeLessThan(1e-5);
            }
            program.dispose();
          });
        },
      ),
      { numRuns: 15 },
    );
  });
});
