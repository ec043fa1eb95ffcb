import * as tf from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import * as engine from '../src/index.js';
import { fuseSums, type Product, transposeOnce } from '../src/program/fuse-products.js';
import type { GraphNode } from '../src/program/saved-model.js';
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
    const nodes = fuseSums([...sum, add('e/end', 'e/sum', 'x')], known);
    const fused = nodes.find(({ name }) => name === 'e/sum')!;
    expect(fused.op).toBe('MatMul');
    const [left, right] = fused.inputs.map((input) => nodes.find(({ name }) => name === input)!);
    expect([left!.op, ...left!.inputs.slice(0, 3)]).toEqual(['ConcatV2', 'ap', 'aq', 'ar']);
    expect([right!.op, ...right!.inputs.slice(0, 3)]).toEqual(['ConcatV2', 'bp', 'bq', 'br']);
  });

  test('two products, those of other shapes, and those that something else needs are left', () => {
    expect(opOf(fuseSums(sum.slice(0, 4), known), 'e/pq')).toBe('Add');
    const other = new Map(known).set('e/r', { ...product, shape: [1, 3] });
    expect(opOf(fuseSums(sum, other), 'e/sum')).toBe('Add');
    expect(opOf(fuseSums([...sum, add('e/again', 'e/p', 'x')], known), 'e/sum')).toBe('Add');
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
