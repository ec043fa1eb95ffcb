import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-layers';
import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import * as engine from '../src/index.js';
import { graphsOf } from './graphs-of.js';
import { isNativeInstalled } from './native-installed.js';

describe.runIf(await isNativeInstalled())('on native, clipping in a program', () => {
  beforeAll(() => engine.use('native'));

  const clipping = (min: number, max: number, traced: boolean) =>
    engine.program({
      state: [],
      traced,
      entries: {
        step({ x, dy }: { x: tf.Tensor; dy: tf.Tensor }) {
          const clip = (x: tf.Tensor) => tf.clipByValue(x, min, max);
          return { y: clip(x), dx: tf.grad(clip)(x, dy) };
        },
      },
    });
  const used = (min: number, max: number) => {
    const tensors = { x: tf.tensor1d([0, 1]), dy: tf.tensor1d([1, 1]) };
    const program = clipping(min, max, true);
    const graphs = graphsOf(() => tf.dispose(program.entries.step(tensors)));
    program.dispose();
    tf.dispose(tensors);
    return (['ClipByValue', 'FakeQuantWithMinMaxArgsGradient', 'Select', 'Maximum'] as const).filter((op) =>
      graphs.includes(op),
    );
  };

  test('is one operation, and its gradient another', () => {
    expect(used(0, 1)).toEqual(['ClipByValue', 'FakeQuantWithMinMaxArgsGradient']);
  });

  test('takes the gradient by comparing where TensorFlow would move the bounds', () => {
    expect(used(-1, 1)).toEqual(['ClipByValue', 'Select']);
    expect(used(0, 1.9921876192092896)).toEqual(['ClipByValue', 'Select']);
  });

  test('gives bit by bit what tfjs gives, at the bounds and beside them too', () => {
    const width = fc.oneof(
      fc.constantFrom(1, 1.9921876192092896),
      fc.float({ noNaN: true, min: Math.fround(1e-3), max: 1e3 }),
    );
    fc.assert(
      fc.property(
        fc.constantFrom(0, 0, -1, 0.3),
        width,
        fc.array(fc.float({ noNaN: true }), { maxLength: 20 }),
        (min, width, others) => {
          const max = Math.fround(min + width);
          const beside = (value: number) => {
            const bits = new Int32Array(Float32Array.of(value).buffer)[0]!;
            return [bits - 1, bits, bits + 1].map((bits) => new Float32Array(Int32Array.of(bits).buffer)[0]!);
          };
          const values = [...others, ...beside(min), ...beside(max), Number.NaN, Infinity, -Infinity, -0];
          tf.tidy(() => {
            const inputs = { x: tf.tensor1d(values), dy: tf.linspace(-2, 3, values.length) };
            const [first, second] = [true, false].map((traced) => {
              const program = clipping(min, max, traced);
              const { y, dx } = program.entries.step(inputs);
              const found = [y.dataSync(), dx.dataSync()];
              program.dispose();
              return found;
            });
            // 0 times a gradient is -0 where that is negative.
            expect(first!.map((values) => Array.from(values, (value) => value + 0))).toEqual(
              second!.map((values) => Array.from(values, (value) => value + 0)),
            );
          });
        },
      ),
      { numRuns: 40 },
    );
  });
});
