import * as tf from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import * as engine from '../src/index.js';
import { distance, expectSame, memory, random, runKernel } from './both-backends.js';

type Padding = 'same' | 'valid' | tf.backend_util.ExplicitPadding;
type Size = [number, number];

beforeAll(async () => {
  await engine.use('wasm');
});

const length = (max: number) => fc.integer({ min: 1, max });
const pair = (max: number): fc.Arbitrary<Size> => fc.tuple(length(max), length(max));
const explicit = fc.tuple(...Array.from({ length: 4 }, () => fc.nat(3))).map(
  ([top, bottom, left, right]): Padding => [
    [0, 0],
    [top!, bottom!],
    [left!, right!],
    [0, 0],
  ],
);
const padding: fc.Arbitrary<Padding> = fc.oneof(
  fc.constant<Padding>('same'),
  fc.constant<Padding>('valid'),
  explicit,
);

/** A convolution whose filter fits: pictures, filter, strides and padding in every combination that tfjs takes. */
const convolution = fc
  .record({
    batch: length(3),
    size: pair(9),
    channels: fc.constantFrom(1, 2, 3, 4, 5, 8),
    more: fc.constantFrom(1, 2, 3, 4, 9),
    filter: pair(5),
    strides: pair(3),
    dilations: pair(2),
    pad: padding,
  })
  .map((c) => ({
    ...c,
    // "same" and explicit padding too: a filter that reaches over its whole input is no convolution in tfjs.
    size: c.size.map((size, axis) => Math.max(size, (c.filter[axis]! - 1) * c.dilations[axis]! + 1)) as Size,
  }));

const runs = { numRuns: 60 };

describe('convolution', () => {
  test('input and filter gradients equal the cpu backend’s', async () => {
    await fc.assert(
      fc.asyncProperty(convolution, async ({ batch, size, channels, more, filter, strides, pad }) => {
        await expectSame(() => {
          const x = random<tf.Rank.R4>([batch, ...size, channels], 1);
          const weights = random<tf.Rank.R4>([...filter, channels, more], 2);
          const loss = (x: tf.Tensor4D, weights: tf.Tensor4D) => {
            const y = tf.conv2d(x, weights, strides, pad);
            return tf.sum(tf.mul(y, random(y.shape, 3)));
          };
          return tf.grads((x, weights) => loss(x as tf.Tensor4D, weights as tf.Tensor4D))([x, weights]);
        });
      }),
      runs,
    );
  });

  test('padding above a filter as tall as its stride takes nothing from the next picture', async () => {
    await expectSame(() => {
      const x = random<tf.Rank.R4>([2, 3, 1, 1], 1);
      const weights = random<tf.Rank.R4>([3, 1, 1, 1], 2);
      const above: tf.backend_util.ExplicitPadding = [
        [0, 0],
        [1, 0],
        [0, 0],
        [0, 0],
      ];
      return tf.grads((x, weights) =>
        tf.sum(tf.square(tf.conv2d(x as tf.Tensor4D, weights as tf.Tensor4D, [3, 1], above))),
      )([x, weights]);
    });
  });

  test('many pictures, channels and pixels are summed to the same precision', async () => {
    for (const [shape, more, stride] of [
      [[40, 12, 12, 3], 5, 1],
      [[33, 9, 9, 24], 8, 2],
      [[8, 4, 4, 64], 96, 1],
      [[2, 40, 40, 1], 8, 1],
      [[2, 20, 20, 16], 16, 2],
      [[9, 1, 1, 64], 17, 1],
    ] as const) {
      await expectSame(() => {
        const x = random<tf.Rank.R4>([...shape], 1);
        const weights = random<tf.Rank.R4>([3, 3, shape[3], more], 2);
        return tf.grads((x, weights) =>
          tf.sum(tf.square(tf.conv2d(x as tf.Tensor4D, weights as tf.Tensor4D, stride, 'same'))),
        )([x, weights]);
      });
    }
  });

  test('the transposed convolution, forward and both gradients', async () => {
    await fc.assert(
      fc.asyncProperty(
        length(2),
        pair(6),
        length(3),
        length(3),
        pair(4),
        pair(3),
        fc.constantFrom('same' as const, 'valid' as const),
        async (batch, size, channels, more, filter, strides, pad) => {
          const grown = size.map((length, axis) =>
            pad === 'same' ? length * strides[axis]! : (length - 1) * strides[axis]! + filter[axis]!,
          ) as Size;
          await expectSame(() => {
            const x = random<tf.Rank.R4>([batch, ...size, channels], 1);
            const weights = random<tf.Rank.R4>([...filter, more, channels], 2);
            const forward = (x: tf.Tensor, weights: tf.Tensor) =>
              tf.conv2dTranspose(
                x as tf.Tensor4D,
                weights as tf.Tensor4D,
                [batch, ...grown, more],
                strides,
                pad,
              );
            const gradients = tf.grads((x, weights) => tf.sum(tf.square(forward(x, weights))))([x, weights]);
            return [forward(x, weights), ...gradients];
          });
        },
      ),
      { numRuns: 30 },
    );
  });

  test('channels-first is refused by name', async () => {
    await engine.use('wasm');
    const x = tf.zeros([1, 2, 4, 4]);
    const dy = tf.zeros([1, 3, 4, 4]);
    const filter = tf.zeros([3, 3, 2, 3]);
    const before = memory();
    const attrs = { strides: 1, pad: 'same', dataFormat: 'NCHW' };
    for (const run of [
      () => runKernel('Conv2DBackpropFilter', { x, dy }, { ...attrs, filterShape: filter.shape }),
      () => runKernel('Conv2DBackpropInput', { dy, filter }, { ...attrs, inputShape: x.shape }),
    ]) {
      expect(run).toThrow(engine.EngineError);
      expect(run).toThrow(/'NHWC', not 'NCHW'.*channelsLast/s);
    }
    expect(memory()).toEqual(before);
    tf.dispose([x, dy, filter]);
  });
});

describe('depthwise convolution', () => {
  test('input and filter gradients equal the cpu backend’s', async () => {
    await fc.assert(
      fc.asyncProperty(convolution, async ({ batch, size, channels, more, filter, strides, pad }) => {
        await expectSame(() => {
          const x = random<tf.Rank.R4>([batch, ...size, channels], 1);
          const weights = random<tf.Rank.R4>([...filter, channels, more], 2);
          return tf.grads((x, weights) => {
            const y = tf.depthwiseConv2d(x as tf.Tensor4D, weights as tf.Tensor4D, strides, pad);
            return tf.sum(tf.mul(y, random(y.shape, 3)));
          })([x, weights]);
        });
      }),
      runs,
    );
  });

  test('null for no dilation, as layers pass it, is taken', async () => {
    await expectSame(() => {
      const [x, filter] = [random<tf.Rank.R4>([1, 5, 5, 2], 1), random<tf.Rank.R4>([3, 3, 2, 1], 2)];
      const attrs = { strides: 1, pad: 'same', dilations: null, dataFormat: 'NHWC' };
      return runKernel('DepthwiseConv2dNative', { x, filter }, attrs);
    });
  });

  /** tfjs refuses to differentiate through a dilation, and the cpu backend's kernel ignores it: sums by hand. */
  test('dilated: the kernels equal the definition', async () => {
    await engine.use('wasm');
    fc.assert(
      fc.property(convolution, ({ batch, size, channels, more, filter, dilations, pad }) => {
        tf.tidy(() => {
          const x = random<tf.Rank.R4>([batch, ...size, channels], 1);
          const weights = random<tf.Rank.R4>([...filter, channels, more], 2);
          const filterShape = weights.shape;
          const info = tf.backend_util.computeConv2DInfo(
            x.shape,
            filterShape,
            1,
            dilations,
            pad,
            undefined,
            true,
          );
          const dy = random(info.outShape, 3);
          const dx = new Float64Array(x.size);
          const dw = new Float64Array(weights.size);
          const [xs, ws, dys] = [x.dataSync(), weights.dataSync(), dy.dataSync()];
          for (let n = 0; n < batch; n++)
            for (let oy = 0; oy < info.outHeight; oy++)
              for (let ox = 0; ox < info.outWidth; ox++)
                for (let ky = 0; ky < filter[0]; ky++)
                  for (let kx = 0; kx < filter[1]; kx++) {
                    const [y, z] = [
                      oy + ky * dilations[0] - info.padInfo.top,
                      ox + kx * dilations[1] - info.padInfo.left,
                    ];
                    if (y < 0 || z < 0 || y >= size[0] || z >= size[1]) continue;
                    for (let c = 0; c < channels * more; c++) {
                      const gradient =
                        dys[((n * info.outHeight + oy) * info.outWidth + ox) * channels * more + c]!;
                      const at = ((n * size[0] + y) * size[1] + z) * channels + Math.floor(c / more);
                      const tap = (ky * filter[1] + kx) * channels * more + c;
                      dx[at]! += gradient * ws[tap]!;
                      dw[tap]! += gradient * xs[at]!;
                    }
                  }
          const attrs = { strides: 1, dilations, pad };
          const foundX = runKernel(
            'DepthwiseConv2dNativeBackpropInput',
            { dy, filter: weights },
            { ...attrs, inputShape: x.shape },
          );
          const foundW = runKernel(
            'DepthwiseConv2dNativeBackpropFilter',
            { x, dy },
            { ...attrs, filterShape },
          );
          expect(distance(foundX.dataSync(), dx)).toBeLessThan(1e-5);
          expect(distance(foundW.dataSync(), dw)).toBeLessThan(1e-5);
        });
      }),
      runs,
    );
  });
});

describe('matMul', () => {
  const batches = fc.constantFrom<[number[], number[]]>(
    [[], []],
    [[3], [3]],
    [[1], [4]],
    [[4], [1]],
    [
      [2, 3],
      [2, 3],
    ],
  );

  test('every transposition, batched or not, and its gradients equal the cpu backend’s', async () => {
    await fc.assert(
      fc.asyncProperty(
        batches,
        length(70),
        length(70),
        length(70),
        fc.boolean(),
        fc.boolean(),
        async ([batchA, batchB], rows, inner, columns, transposeA, transposeB) => {
          await expectSame(() => {
            const a = random(
              [...batchA, ...(transposeA ? [inner, rows] : [rows, inner])] as [number, number],
              1,
            );
            const b = random(
              [...batchB, ...(transposeB ? [columns, inner] : [inner, columns])] as [number, number],
              2,
            );
            const forward = tf.matMul(a, b, transposeA, transposeB);
            // tfjs does not sum the gradient of a batch that was broadcast.
            if (batchA.join() !== batchB.join()) return forward;
            const gradients = tf.grads((a, b) => tf.sum(tf.square(tf.matMul(a, b, transposeA, transposeB))))([
              a,
              b,
            ]);
            return [forward, ...gradients];
          });
        },
      ),
      runs,
    );
  });

  test('other types and sizes are refused', async () => {
    await engine.use('wasm');
    tf.tidy(() => {
      const attrs = { transposeA: false, transposeB: false };
      const [a, b] = [tf.zeros([2, 3]), tf.zeros([4, 5])];
      expect(() => runKernel('BatchMatMul', { a, b }, attrs)).toThrow(/3 columns do not meet 4 rows/);
      const whole = tf.zeros([3, 2], 'int32');
      expect(() => runKernel('BatchMatMul', { a, b: whole }, attrs)).toThrow(engine.EngineError);
    });
  });
});

describe('tile', () => {
  test('equals the cpu backend’s', async () => {
    const axis = fc.record({ length: length(5), reps: length(4) });
    await fc.assert(
      fc.asyncProperty(
        fc.array(axis, { minLength: 1, maxLength: 4 }),
        fc.constantFrom('float32' as const, 'int32' as const, 'bool' as const),
        async (axes, dtype) => {
          const shape = axes.map(({ length }) => length);
          await expectSame(() =>
            tf.tile(
              tf.cast(tf.greater(random(shape as [number], 1), 0), dtype),
              axes.map(({ reps }) => reps),
            ),
          );
        },
      ),
      runs,
    );
  });
});

describe('the gradient of tile', () => {
  test('is its transpose: it multiplies as tile does', async () => {
    await engine.use('wasm');
    const shape: [number, number, number, number] = [2, 3, 1, 4];
    for (const reps of [
      [1, 1, 1, 1],
      [3, 1, 2, 1],
      [2, 3, 4, 2],
    ]) {
      tf.tidy(() => {
        const weights = random(shape.map((length, axis) => length * reps[axis]!) as [number], 2);
        const gradient = tf.grad((x) => tf.sum(tf.mul(tf.tile(x, reps), weights)))(tf.zeros(shape));
        for (const seed of [3, 4, 5]) {
          const x = random<tf.Rank.R4>(shape, seed);
          const [found, expected] = [tf.sum(tf.mul(x, gradient)), tf.sum(tf.mul(tf.tile(x, reps), weights))];
          expect(distance(found.dataSync(), expected.dataSync())).toBeLessThan(1e-4);
        }
      });
    }
  });
});

describe('max pooling', () => {
  test('its gradient equals the cpu backend’s, ties too', async () => {
    await fc.assert(
      fc.asyncProperty(
        convolution.filter(
          ({ pad, filter, size }) => typeof pad === 'string' && filter.every((f, i) => f <= size[i]!),
        ),
        fc.boolean(),
        async ({ batch, size, channels, filter, strides, pad }, ties) => {
          await expectSame(() => {
            const values = random<tf.Rank.R4>([batch, ...size, channels], 1);
            const x = ties ? tf.relu(tf.round(tf.mul(values, 2))) : values;
            return tf.grad((x) => {
              const y = tf.maxPool(x as tf.Tensor4D, filter, strides, pad as 'same' | 'valid');
              return tf.sum(tf.mul(y, random(y.shape, 3)));
            })(x);
          });
        },
      ),
      runs,
    );
  });
});

describe('unsortedSegmentSum', () => {
  test('equals the cpu backend’s, segments that do not exist too', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.integer({ min: -1, max: 6 }), { minLength: 1, maxLength: 12 }),
        fc.array(length(4), { maxLength: 2 }),
        async (ids, itemShape) => {
          await expectSame(() =>
            tf.unsortedSegmentSum(
              random([ids.length, ...itemShape] as [number], 1),
              tf.tensor1d(ids, 'int32'),
              5,
            ),
          );
        },
      ),
      runs,
    );
  });

  test('an embedding of 30,000 words trains in the memory of its table', async () => {
    await engine.use('wasm');
    tf.tidy(() => {
      const table = tf.zeros([30_000, 64]);
      const words = tf.randomUniform([32 * 64], 0, 30_000, 'int32', 1) as tf.Tensor1D;
      const heapBefore = heapBytes();
      const gradient = tf.grad((table) => tf.sum(tf.gather(table, words)))(table);
      expect(tf.sum(gradient).dataSync()[0]).toBe(32 * 64 * 64);
      // One-hot rows would be 32 * 64 * 30,000 * 4 bytes: 246 MB.
      expect(heapBytes() - heapBefore).toBeLessThan(4 * table.size * 4);
    });
  });

  test('ids that do not fit the items are refused', async () => {
    await engine.use('wasm');
    tf.tidy(() => {
      const run = (ids: tf.Tensor) => () =>
        runKernel('UnsortedSegmentSum', { x: tf.zeros([3, 2]), segmentIds: ids }, { numSegments: 2 });
      expect(run(tf.tensor1d([0, 1], 'int32'))).toThrow(
        /expected segmentIds of int32 and shape \[3\].*found int32 of shape \[2\]/,
      );
      expect(run(tf.tensor1d([0, 1, 1]))).toThrow(engine.EngineError);
    });
  });
});

describe('einsum', () => {
  test.each([
    ['ij,jk->ik'],
    ['ij,kj->ki'],
    ['bqhd,bkhd->bhqk'],
    ['bhqk,bkhd->bqhd'],
    ['i,j->ij'],
    ['i,i->'],
    ['ij->ji'],
    ['ij->'],
    ['ij,ij->ij'],
    ['abc , cd -> abd'],
  ])('%s equals the cpu backend’s', async (equation) => {
    const lengths: Record<string, number> = { a: 2, b: 3, c: 4, d: 5, h: 2, i: 3, j: 4, k: 5, q: 3 };
    const terms = equation.replace(/\s/g, '').split('->')[0]!.split(',');
    await expectSame(() =>
      tf.einsum(
        equation,
        ...terms.map((term, index) => random([...term].map((axis) => lengths[axis]!) as [number], index)),
      ),
    );
  });

  test('an axis of one tensor alone is summed (the cpu backend gets this shape wrong)', async () => {
    await engine.use('wasm');
    tf.tidy(() => {
      const [x, weights] = [random<tf.Rank.R3>([3, 4, 5], 1), random<tf.Rank.R1>([4], 2)];
      const found = tf.einsum('ijk,j->k', x, weights);
      const expected = tf.sum(tf.mul(x, tf.reshape(weights, [1, 4, 1])), [0, 1]);
      expect(found.shape).toEqual([5]);
      expect(distance(found.dataSync(), expected.dataSync())).toBeLessThan(1e-5);
    });
  });

  test('sizes that do not meet are refused', async () => {
    await engine.use('wasm');
    tf.tidy(() => {
      expect(() => tf.einsum('ij,jk->ik', tf.zeros([2, 3]), tf.zeros([4, 5]))).toThrow(
        /Expected dimension 3/,
      );
    });
  });
});

describe('sums and means', () => {
  test('over any axes, with their gradients, equal the cpu backend’s', async () => {
    const axes = fc.array(fc.integer({ min: 0, max: 3 }), { minLength: 1, maxLength: 4 });
    await fc.assert(
      fc.asyncProperty(
        fc.tuple(length(5), length(9), length(9), length(9)),
        axes.map((axes) => [...new Set(axes)]),
        fc.boolean(),
        async (shape, axes, keepDims) => {
          await expectSame(() => {
            // All positive: a sum that comes to nearly nothing has no digits to compare.
            const x = tf.add(random<tf.Rank.R4>(shape, 1), 1.5);
            const gradient = tf.grad((x) => tf.sum(tf.square(tf.mean(x, axes, keepDims))))(x);
            return [tf.sum(x, axes, keepDims), tf.mean(x, axes, keepDims), gradient];
          });
        },
      ),
      runs,
    );
  });

  test('their gradients are the definition’s', async () => {
    await engine.use('wasm');
    fc.assert(
      fc.property(
        fc.tuple(length(4), length(4), length(4)),
        fc.uniqueArray(fc.integer({ min: -3, max: 2 }), { minLength: 1, selector: (axis) => (axis + 3) % 3 }),
        fc.boolean(),
        (shape, axes, keepDims) => {
          tf.tidy(() => {
            const x = random<tf.Rank.R3>(shape, 1);
            const kept = shape.map((length, axis) => (axes.some((a) => (a + 3) % 3 === axis) ? 1 : length));
            const counted = x.size / tf.util.sizeFromShape(kept);
            for (const [reduce, scale] of [
              [tf.sum, 1],
              [tf.mean, 1 / counted],
            ] as const) {
              const weights = random(kept as [number], 2);
              const gradient = tf.grad((x) => {
                const reduced = reduce(x, axes, keepDims);
                return tf.sum(tf.mul(reduced, tf.reshape(weights, reduced.shape)));
              })(x);
              const expected = tf.mul(tf.add(tf.zeros(shape), weights), scale);
              expect(gradient.shape).toEqual(shape);
              expect(distance(gradient.dataSync(), expected.dataSync())).toBeLessThan(1e-6);
            }
          });
        },
      ),
      runs,
    );
  });

  test('many rows, in a number that nothing divides, keep their digits', async () => {
    await expectSame(() => {
      const x = tf.add(random<tf.Rank.R2>([10_007, 8], 1), 1);
      return [tf.sum(x, 0), tf.mean(tf.reshape(tf.concat([x, x]), [2, 10_007, 8]), 1)];
    });
  });
});

describe('one value a channel', () => {
  const sizes = fc.record({
    rows: fc.constantFrom(1, 7, 700),
    channels: length(12),
    rank: fc.constantFrom(1, 2, 4),
  });

  test('added, subtracted and multiplied, either way round, equals the cpu backend’s', async () => {
    await fc.assert(
      fc.asyncProperty(sizes, async ({ rows, channels, rank }) => {
        await expectSame(() => {
          const x = random<tf.Rank.R3>([rows, 3, channels], 1);
          const shape = [...Array(rank - 1).fill(1), channels].slice(-3);
          const perChannel = tf.reshape(random<tf.Rank.R1>([channels], 2), shape);
          const operations = [tf.add, tf.sub, tf.mul];
          return operations.flatMap((operation) => [
            operation(x, perChannel),
            operation(perChannel, x),
            ...tf.grads((x, perChannel) => tf.sum(tf.square(operation<tf.Tensor>(x, perChannel))))([
              x,
              perChannel,
            ]),
          ]);
        });
      }),
      runs,
    );
  });

  test('batch normalisation and its gradients equal the cpu backend’s', async () => {
    await fc.assert(
      fc.asyncProperty(sizes, async ({ rows, channels }) => {
        await expectSame(() => {
          const x = random<tf.Rank.R4>([rows, 2, 3, channels], 1);
          const [offset, scale] = [random<tf.Rank.R1>([channels], 2), random<tf.Rank.R1>([channels], 3)];
          const normalise = (x: tf.Tensor, offset?: tf.Tensor1D, scale?: tf.Tensor1D) => {
            const { mean, variance } = tf.moments(x, [0, 1, 2]);
            return tf.batchNorm(
              x as tf.Tensor4D,
              mean as tf.Tensor1D,
              variance as tf.Tensor1D,
              offset,
              scale,
              1e-3,
            );
          };
          const gradients = tf.grads((x, offset, scale) => {
            const y = normalise(x, offset as tf.Tensor1D, scale as tf.Tensor1D);
            return tf.sum(tf.mul(tf.square(y), random(y.shape, 4)));
          })([x, offset, scale]);
          return [normalise(x), normalise(x, offset), normalise(x, undefined, scale), ...gradients];
        });
      }),
      runs,
    );
  });

  test('a mean that is large beside the deviation costs no digits', async () => {
    await expectSame(() => {
      const x = tf.add(random<tf.Rank.R4>([40, 4, 4, 8], 1), 1000);
      return tf.batchNorm(x, tf.fill<tf.Rank.R1>([8], 1000.3), tf.fill<tf.Rank.R1>([8], 0.3));
    });
  });
});

test('what is not a number stays so: XNNPACK’s pooling and depthwise kernels would hide it', async () => {
  await engine.use('wasm');
  tf.tidy(() => {
    const values = new Float32Array(2048 * 8).fill(1);
    values[8 * 1999 + 2] = Number.NaN;
    const x = tf.tensor4d(values, [2, 32, 32, 8]);
    const perChannel = tf.ones<tf.Rank.R1>([8]);
    for (const [name, result] of Object.entries({
      add: tf.add(x, perChannel),
      mul: tf.mul(x, perChannel),
      sub: tf.sub(perChannel, x),
      sum: tf.sum(x, [0, 1, 2]),
      mean: tf.mean(x, [1, 2]),
      batchNorm: tf.batchNorm(x, perChannel, perChannel, perChannel, perChannel),
      matMul: tf.matMul(tf.reshape(x, [2048, 8]), tf.ones([3, 8]), false, true),
    })) {
      expect([...result.dataSync()].some(Number.isNaN), name).toBe(true);
    }
  });
});

describe('identity', () => {
  test('shares its values until both names are gone', async () => {
    await engine.use('wasm');
    const before = memory();
    const x = tf.tensor1d([1, 2, 3]);
    const [copy, same] = [tf.clone(x), tf.cast(x, 'float32')];
    expect(memory().buffers).toBe(before.buffers + 1);
    x.dispose();
    expect([...copy.dataSync(), ...same.dataSync()]).toEqual([1, 2, 3, 1, 2, 3]);
    tf.dispose([copy, same]);
    expect(memory()).toEqual(before);
  });
});

test('registering twice changes nothing', async () => {
  const before = tf.getKernelsForBackend('wasm');
  await engine.registerTrainingKernels();
  await engine.registerTrainingKernels();
  expect(tf.getKernelsForBackend('wasm')).toEqual(before);
});

function heapBytes(): number {
  const backend = tf.backend();
  if (!('wasm' in backend)) throw new Error('this test runs on WASM');
  return (backend.wasm as { HEAPU8: Uint8Array }).HEAPU8.length;
}
