import {
  applyStage,
  block,
  disposeBatch,
  type Head,
  InputError,
  type InputShape,
  joinHeads,
  type MultiTaskModelOptions,
  multiTaskModel,
  type Sharing,
  StageError,
  TaskError,
  target,
  WeightsError,
} from '@espalier/core';
import { hardSharing } from '@espalier/sharing';
import { classification, detection } from '@espalier/vision-heads';
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { afterEach, describe, expect, test } from 'vitest';

const heads = {
  kind: classification({ classes: ['cat', 'dog', 'owl'] }),
  boxes: detection({ classes: ['animal'], channels: 4 }),
};
const trunk = () => [
  tfl.layers.conv2d({ filters: 4, kernelSize: 3, padding: 'same', activation: 'relu' }),
  tfl.layers.conv2d({ filters: 4, kernelSize: 3, padding: 'same', activation: 'relu' }),
];
const options: MultiTaskModelOptions<typeof heads> = {
  inputShape: [8, 8, 1],
  trunk,
  sharing: hardSharing(),
  heads,
  seed: 1,
};
const compose = (seed = 1) => multiTaskModel({ ...options, seed });
const example = (value = 0.5) => ({
  input: new Float32Array(64).fill(value),
  labels: { kind: 1, boxes: [{ x: 0.1, y: 0.1, width: 0.4, height: 0.5, class: 0 }] },
});

const made: { dispose(): void }[] = [];
const own = <T extends { dispose(): void }>(thing: T): T => {
  made.push(thing);
  return thing;
};
afterEach(() => {
  for (const thing of made.splice(0)) thing.dispose();
});

describe('a model', () => {
  test('predicts for every task, by its name', async () => {
    const model = own(compose());
    const inputs = own(model.stack([example().input, example(0.2).input]));
    const predictions = await model.predict(inputs);
    expect(Object.keys(predictions)).toEqual(['kind', 'boxes']);
    expect(predictions.kind).toHaveLength(2);
    expect(['cat', 'dog', 'owl']).toContain(predictions.kind[0].label);
    expect(Array.isArray(predictions.boxes[1])).toBe(true);
  });

  test('frees the weights of stages that are applied once a task, models among them', () => {
    const before = tf.memory().numTensors;
    const inner = tfl.sequential({
      layers: [tfl.layers.conv2d({ filters: 4, kernelSize: 1, inputShape: [8, 8, 1] })],
    });
    const repeated: Sharing = {
      kind: 'repeated',
      connect: (stages, inputs) =>
        new Map(
          [...inputs].map(([task, input]) => {
            let last = input;
            const features = stages.map((stage) => {
              last = applyStage(stage, last);
              return last;
            });
            return [task, features];
          }),
        ),
    };
    multiTaskModel({ ...options, trunk: () => [inner, ...trunk()], sharing: repeated }).dispose();
    expect(tf.memory().numTensors).toBe(before);
  });

  test('is the same for the same seed, in weights as in the order of names', async () => {
    const [first, second, third] = [own(compose(4)), own(compose(4)), own(compose(5))];
    const [a, b, c] = await Promise.all([first, second, third].map((model) => model.exportWeights()));
    expect([...a.weights]).toEqual([...b.weights]);
    expect([...a.weights]).not.toEqual([...c.weights]);
    expect([...a.weights.keys()]).toContain('stage0/kernel');
    expect([...a.weights.keys()]).toContain('kind/scores/bias');
  });

  test('knows which weights a task depends on', () => {
    const model = own(compose());
    const names = (variables: readonly tf.Variable[]) =>
      variables.map(({ name }) => name.replace(/_\d+$/, ''));
    const trunkNames = ['stage0/kernel', 'stage0/bias', 'stage1/kernel', 'stage1/bias'];
    expect(names(model.variablesOf('kind'))).toEqual([
      ...trunkNames,
      'kind/scores/kernel',
      'kind/scores/bias',
    ]);
    expect(names(model.variablesOf('boxes')).filter((name) => name.startsWith('kind/'))).toEqual([]);
    const union = new Set([...model.variablesOf('kind'), ...model.variablesOf('boxes')]);
    expect(union.size).toBe(model.variables.length);
    expect(() => model.variablesOf('age' as 'kind')).toThrow(/Task "age": the model has no such task/);
  });

  test('leaves Math.random as it was', () => {
    const random = Math.random;
    own(compose());
    expect(Math.random).toBe(random);
    expect(() => multiTaskModel({ ...options, trunk: () => [] })).toThrow(StageError);
    expect(Math.random).toBe(random);
  });

  test('frees all that it made, in errors too', () => {
    const before = tf.memory().numTensors;
    const model = compose();
    const labels = { ...example().labels, boxes: [{ x: 0, y: 0, width: 2, height: 1, class: 0 }] };
    expect(() => model.batch([{ input: example().input, labels }])).toThrow(TaskError);
    model.dispose();
    expect(tf.memory().numTensors).toBe(before);
  });
});

describe('what cannot be composed', () => {
  const compositions: [string, Partial<typeof options>, RegExp][] = [
    ['a trunk without stages', { trunk: () => [] }, /Stage "trunk": the trunk has no stages/],
    [
      'a stage whose output does not fit the next',
      {
        trunk: () => [
          tfl.layers.flatten({ name: 'flat' }),
          tfl.layers.conv2d({ name: 'conv', filters: 2, kernelSize: 3 }),
        ],
      },
      /Stage "conv": does not take features of shape \[batch, 64\]/,
    ],
    [
      'two stages of one name',
      {
        trunk: () => [
          tfl.layers.dense({ name: 'same', units: 2 }),
          tfl.layers.dense({ name: 'same', units: 2 }),
        ],
      },
      /Stage "same": two stages have this name/,
    ],
    ['an input shape with a hole', { inputShape: [8, 0, 1] }, /input shape \[8, 0, 1\]/],
  ];
  test.each(compositions)('%s', (_, wrong, message) => {
    expect(() => multiTaskModel({ ...options, ...wrong })).toThrow(message);
  });

  test('no head at all', () => {
    expect(() => multiTaskModel({ ...options, heads: {} })).toThrow(/at least one head/);
  });

  test('a task whose name cannot name layers', () => {
    expect(() => multiTaskModel({ ...options, heads: { 'a b': heads.kind } })).toThrow(
      /Task "a b": its name/,
    );
  });

  test('two heads of one name', () => {
    const again = { kind: classification({ classes: ['yes', 'no'] }) };
    // @ts-expect-error TypeScript refuses it too
    const join = () => joinHeads(heads, again);
    expect(join).toThrow(TaskError);
    expect(join).toThrow(
      /Task "kind": two heads have this name, classification\(3\) and classification\(2\)/,
    );
    const joined = joinHeads(heads, { answer: again.kind });
    expect(own(multiTaskModel({ ...options, heads: joined })).tasks.map(({ name }) => name)).toEqual([
      'kind',
      'boxes',
      'answer',
    ]);
  });

  test('a head that does not fit its features', () => {
    const flat = () => [tfl.layers.flatten()];
    expect(() => multiTaskModel({ ...options, trunk: flat })).toThrow(
      /Task "boxes": its detection\(.*\) head does not fit features of shapes \[batch, 64\]/,
    );
  });

  test('a strategy that forgets a task', () => {
    const forgetful: Sharing = { kind: 'forgetful', connect: () => new Map() };
    expect(() => multiTaskModel({ ...options, sharing: forgetful })).toThrow(
      /Task "kind": .*"forgetful" gave it no/,
    );
  });
});

describe('examples that cannot be learned from', () => {
  const model = compose();
  const { input, labels } = example();
  // What TypeScript refuses can still come from JavaScript or from a file.
  const untyped = (wrong: unknown) => [wrong] as ReturnType<typeof example>[];

  test.each([
    ['no example', [], InputError, /at least one example/],
    [
      'a short input',
      untyped({ input: input.slice(1), labels }),
      InputError,
      /example 0 has 63 values; \[8, 8, 1\] holds 64/,
    ],
    ['NaN', [example(Number.NaN)], InputError, /example 0 is NaN at position 0/],
    [
      'an infinite input',
      [example(), example(Number.POSITIVE_INFINITY)],
      InputError,
      /example 1 is Infinity/,
    ],
    [
      'a missing label',
      untyped({ input, labels: { kind: 1 } }),
      TaskError,
      /Task "boxes": the labels of example 0 lacks it/,
    ],
    [
      'an unknown task',
      untyped({ input, labels: { ...labels, age: 3 } }),
      TaskError,
      /Task "age": .*tasks are kind, boxes/,
    ],
    [
      'a class index out of range',
      untyped({ input, labels: { ...labels, kind: 3 } }),
      TaskError,
      /Task "kind": .*from 0 to 2/,
    ],
  ])('%s', (_, examples, type, message) => {
    const before = tf.memory().numTensors;
    expect(() => model.batch(examples)).toThrow(type);
    expect(() => model.batch(examples)).toThrow(message);
    expect(tf.memory().numTensors).toBe(before);
  });
});

describe('batches that are not of this model', () => {
  test('a target of another shape, a mask of another length, an unknown or missing target', () => {
    const model = own(compose());
    tf.tidy(() => {
      const good = model.batch([example(), example()]);
      const short = { ...good.targets.kind, mask: tf.ones([1]) as tf.Tensor1D };
      const bent = target(tf.zeros([2, 5]), [true, true]);
      const losses = (targets: object) => () =>
        model.losses({ inputs: good.inputs, targets } as typeof good, { training: false });
      expect(losses({ ...good.targets, kind: short })).toThrow(
        /Task "kind": its mask has shape \[1\].*2 examples/,
      );
      expect(losses({ ...good.targets, kind: bent })).toThrow(
        /Task "kind": its target has shape \[2, 5\]; expected \[2\]/,
      );
      expect(losses({ ...good.targets, age: bent })).toThrow(/Task "age"/);
      expect(losses({ kind: good.targets.kind })).toThrow(/Task "boxes": the batch lacks it/);
      expect(() => target(tf.zeros([2]), [true])).toThrow(/2 examples has a mask of length 1/);
    });
  });

  test('inputs of another shape, or not finite', async () => {
    const model = own(compose());
    const wrong = own(tf.zeros([1, 8, 7, 1]));
    await expect(model.predict(wrong)).rejects.toThrow(/shape \[1, 8, 7, 1\]; expected \[batch, 8, 8, 1\]/);
    for (const bad of [Number.NaN, Number.NEGATIVE_INFINITY]) {
      const inputs = own(tf.fill([1, 8, 8, 1], bad));
      await expect(model.predict(inputs)).rejects.toThrow(/NaN or infinite/);
    }
  });
});

describe('an open length', () => {
  /** Whether each of the steps of an example is large: as many scores as there are steps. */
  const large: Head<readonly number[], readonly number[]> = {
    kind: 'large',
    connect: (features, task) =>
      tfl.layers.dense({ name: `${task}/scores`, units: 1 }).apply(features[0]) as tfl.SymbolicTensor,
    encode(labels, { outputShape: [length] }) {
      const rows = labels.map((label) => Array.from({ length }, (_, step) => label?.[step] ?? 0));
      return tf.tensor2d(rows, [labels.length, length]);
    },
    losses: (output, truth) =>
      tf.tidy(() => tf.mean(tf.squaredDifference(tf.squeeze(output, [2]), truth), 1) as tf.Tensor1D),
    decode: async (output) => (await output.array()) as number[][],
    metrics: [{ name: 'none', better: 'higher', compute: () => 0 }],
  };
  const composeOpen = (inputShape: InputShape = [null, 2]) =>
    multiTaskModel({
      inputShape,
      trunk: () => [tfl.layers.dense({ units: 3 })],
      sharing: hardSharing(),
      heads: { large },
      seed: 1,
    });
  const steps = (...values: number[]) => ({
    input: Float32Array.from(values.flatMap((value) => [value, value])),
    labels: { large: values.map((value) => Number(value > 1)) },
  });

  test('makes every batch as long as its longest example, with zeros behind the others', async () => {
    const model = own(composeOpen());
    for (const [examples, length] of [
      [[steps(1), steps(2, 3, 4)], 3],
      [[steps(1, 2), steps(5, 6)], 2],
    ] as const) {
      const batch = model.batch(examples);
      expect(batch.inputs.shape).toEqual([2, length, 2]);
      expect(batch.targets.large.values.shape).toEqual([2, length]);
      tf.tidy(() => {
        const { large: loss } = model.losses(batch, { training: true });
        expect(loss?.dataSync()[0]).toBeGreaterThan(0);
      });
      expect((await model.predict(batch.inputs)).large[0]).toHaveLength(length);
      disposeBatch(batch);
    }
    const [inputs] = [own(model.stack([steps(1).input, steps(2, 3).input]))];
    expect(Array.from(inputs.dataSync())).toEqual([1, 1, 0, 0, 2, 2, 3, 3]);
  });

  test('is saved, and loaded into a model of an open length only', async () => {
    const [open, fixed] = [own(composeOpen()), own(composeOpen([3, 2]))];
    const weights = await open.exportWeights();
    own(composeOpen()).importWeights(weights);
    expect(() => fixed.importWeights(weights)).toThrow(
      /input shape is \[length, 2\] there and \[3, 2\] here/,
    );
  });

  test('refuses inputs that are no whole number of steps, and targets of another length', () => {
    const model = own(composeOpen());
    const odd = { ...steps(1), input: new Float32Array(3) };
    expect(() => model.batch([odd])).toThrow(/example 0 has 3 values; \[length, 2\] holds a multiple of 2/);
    expect(() => model.batch([{ ...steps(1), input: new Float32Array() }])).toThrow(/has 0 values/);
    tf.tidy(() => {
      const [short, long] = [model.batch([steps(1)]), model.batch([steps(1, 2)])];
      expect(() => model.losses({ ...long, targets: short.targets }, { training: false })).toThrow(
        /Task "large": its target has shape \[1, 1\]; expected \[1, 2\]/,
      );
      expect(() => model.losses({ ...long, inputs: tf.zeros([1, 2, 3]) }, { training: false })).toThrow(
        /shape \[1, 2, 3\]; expected \[batch, length, 2\]/,
      );
    });
  });

  test('is the first size only', () => {
    expect(() => composeOpen([2, null])).toThrow(
      /\[2, null\] is not made of whole numbers from 1; only its first/,
    );
  });
});

describe('saved weights', () => {
  test('of another architecture are refused by what differs, and change nothing', async () => {
    const model = own(compose());
    const other = own(
      multiTaskModel({ ...options, heads: { ...heads, kind: classification({ classes: ['cat', 'dog'] }) } }),
    );
    const before = await model.exportWeights();
    const weights = await other.exportWeights();
    expect(() => model.importWeights(weights)).toThrow(WeightsError);
    expect(() => model.importWeights(weights)).toThrow(
      /head of task "kind" is classification\(2\) there and classification\(3\) here; weight kind\/scores\/kernel is \[4, 2\]/,
    );
    expect([...(await model.exportWeights()).weights]).toEqual([...before.weights]);
  });
});

describe('a task without a label', () => {
  test('has no loss, and its head no gradient', () => {
    const model = own(compose());
    tf.tidy(() => {
      const batch = model.batch([{ ...example(), labels: { ...example().labels, kind: undefined } }]);
      const { grads } = tf.variableGrads(() => {
        const losses = model.losses(batch, { training: true });
        expect(Object.keys(losses)).toEqual(['boxes']);
        return losses.boxes!;
      }, model.variables);
      expect(Object.keys(grads).some((name) => name.startsWith('kind/'))).toBe(false);
    });
  });

  test('the mean is taken over the labelled examples', () => {
    const model = own(compose());
    const label = (value: number, kind: number | undefined) => ({
      input: example(value).input,
      labels: { kind, boxes: undefined },
    });
    const loss = (...examples: ReturnType<typeof label>[]) =>
      tf.tidy(() => model.losses(model.batch(examples), { training: false }).kind!.dataSync()[0]);
    const together = loss(label(0.1, 0), label(0.9, undefined), label(0.7, 2));
    expect(together).toBeCloseTo((loss(label(0.1, 0)) + loss(label(0.7, 2))) / 2, 5);
  });

  test('NaN under the mask reaches neither loss nor gradient', () => {
    const model = own(compose());
    tf.tidy(() => {
      const { inputs, targets } = model.batch([example(), example()]);
      const values = tf.concat([tf.slice(targets.boxes.values, 0, 1), tf.fill([1, 8, 8, 6], Number.NaN)]);
      const batch = { inputs, targets: { ...targets, boxes: target(values, [true, false]) } };
      const { value, grads } = tf.variableGrads(
        () => model.losses(batch, { training: true }).boxes!,
        model.variables,
      );
      expect(Number.isFinite(value.dataSync()[0])).toBe(true);
      for (const gradient of Object.values(grads))
        expect(gradient.dataSync().every(Number.isFinite)).toBe(true);
    });
  });
});

describe('a block of layers', () => {
  const layers = () => [
    tfl.layers.dense({ units: 3, kernelRegularizer: tfl.regularizers.l2({ l2: 0.1 }) }),
    tfl.layers.batchNormalization(),
    tfl.layers.dense({ units: 2, activation: 'tanh' }),
  ];

  test('computes what its layers compute one after another, and holds their weights', () => {
    const [input, stage] = [tfl.input({ shape: [4] }), block(...layers())];
    const model = own(tfl.model({ inputs: input, outputs: stage.apply(input) as tfl.SymbolicTensor }));
    expect(model.trainableWeights).toHaveLength(6);
    expect(model.weights).toHaveLength(8);
    expect(stage.computeOutputShape([null, 4])).toEqual([null, 2]);
    tf.tidy(() => {
      const x = tf.randomNormal([5, 4], 0, 1, 'float32', 1);
      const one = stage.layers.reduce(
        (features, layer) => layer.apply(features) as tf.Tensor,
        x as tf.Tensor,
      );
      expect(Array.from((model.predict(x) as tf.Tensor).dataSync())).toEqual(Array.from(one.dataSync()));
      expect(model.calculateLosses()).toHaveLength(1);
    });
  });

  test('can be frozen', () => {
    const [input, stage] = [tfl.input({ shape: [4] }), block(...layers())];
    const model = own(tfl.model({ inputs: input, outputs: stage.apply(input) as tfl.SymbolicTensor }));
    stage.trainable = false;
    expect(model.trainableWeights).toHaveLength(0);
    expect(model.weights).toHaveLength(8);
  });

  test('is rebuilt from its configuration', async () => {
    const input = tfl.input({ shape: [4] });
    const model = own(
      tfl.model({ inputs: input, outputs: block(...layers()).apply(input) as tfl.SymbolicTensor }),
    );
    const copy = own(await tfl.models.modelFromJSON(model.toJSON(undefined, false) as never));
    copy.setWeights(model.getWeights());
    tf.tidy(() => {
      const x = tf.ones([2, 4]);
      expect((copy.predict(x) as tf.Tensor).dataSync()).toEqual((model.predict(x) as tf.Tensor).dataSync());
    });
  });

  test('without layers is refused', () => {
    expect(() => block()).toThrow(StageError);
  });
});
