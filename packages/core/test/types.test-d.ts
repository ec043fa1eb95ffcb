import {
  type Batch,
  type ExampleOf,
  type Head,
  type Labels,
  multiTaskModel,
  type Predictions,
} from '@espalier/core';
import { hardSharing } from '@espalier/sharing';
import {
  type Classification,
  classification,
  type DetectedBox,
  detection,
  type LabelledBox,
} from '@espalier/vision-heads';
import type * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { describe, expectTypeOf, test } from 'vitest';

const model = multiTaskModel({
  inputShape: [8, 8, 1],
  trunk: () => [tfl.layers.conv2d({ filters: 4, kernelSize: 3 })],
  sharing: hardSharing(),
  heads: { kind: classification({ classes: ['cat', 'dog'] }), boxes: detection({ classes: ['animal'] }) },
  seed: 1,
});
type H = (typeof model)['heads'];
const input = new Float32Array(64);

describe('types carry the tasks', () => {
  test('predictions have the types that the heads decode to', () => {
    expectTypeOf<Predictions<H>['kind'][number]>().toEqualTypeOf<Classification<'cat' | 'dog'>>();
    expectTypeOf<Predictions<H>['boxes'][number]>().toEqualTypeOf<readonly DetectedBox<'animal'>[]>();
    // @ts-expect-error there is no such task
    type _Age = Predictions<H>['age'];
  });

  test('labels have the types that the heads encode', () => {
    expectTypeOf<Labels<H>['kind']>().toEqualTypeOf<number | undefined>();
    expectTypeOf<Labels<H>['boxes']>().toEqualTypeOf<readonly LabelledBox[] | undefined>();
    expectTypeOf<ExampleOf<H>['input']>().toEqualTypeOf<Float32Array>();
  });

  test('a missing label is an error, an unknown one is said', () => {
    model.batch([{ input, labels: { kind: 0, boxes: undefined } }]);
    // @ts-expect-error boxes is missing
    model.batch([{ input, labels: { kind: 0 } }]);
    // @ts-expect-error age is no task
    model.batch([{ input, labels: { kind: 0, boxes: [], age: 3 } }]);
    // @ts-expect-error a class is an index
    model.batch([{ input, labels: { kind: 'cat', boxes: [] } }]);
  });

  test('a batch without a target is an error', () => {
    const { inputs, targets } = model.batch([]);
    expectTypeOf(targets).toEqualTypeOf<Batch<H>['targets']>();
    model.losses({ inputs, targets }, { training: true });
    // @ts-expect-error boxes is missing
    model.losses({ inputs, targets: { kind: targets.kind } }, { training: true });
    // @ts-expect-error age is no task
    model.losses({ inputs, targets: { ...targets, age: targets.kind } }, { training: true }).age;
  });

  test('task names are known', () => {
    expectTypeOf(model.tasks[0].name).toEqualTypeOf<'kind' | 'boxes'>();
    // @ts-expect-error two heads of one name
    // biome-ignore lint/suspicious/noDuplicateObjectKeys: this is the mistake that is shown to be noticed
    const twice = { kind: model.heads.kind, kind: model.heads.kind };
    expectTypeOf(twice).not.toBeAny();
  });

  test("inputs of one a task have the tasks' names", () => {
    const own = multiTaskModel({
      inputShape: { kind: [8, 8, 1], boxes: [16, 16, 1] },
      trunk: () => [tfl.layers.conv2d({ filters: 4, kernelSize: 3 })],
      sharing: hardSharing(),
      heads: model.heads,
      seed: 1,
    });
    const labels = { kind: 0, boxes: undefined };
    const batch = own.batch([{ input: { kind: input, boxes: undefined }, labels }]);
    expectTypeOf(batch.inputs.kind).toEqualTypeOf<tf.Tensor>();
    // @ts-expect-error boxes is missing
    own.batch([{ input: { kind: input }, labels }]);
    // @ts-expect-error one input is not one a task
    own.batch([{ input, labels }]);
    // @ts-expect-error a model with one input does not take one a task
    model.batch([{ input: { kind: input, boxes: input }, labels }]);
    // @ts-expect-error the shape of boxes is missing
    multiTaskModel({
      inputShape: { kind: [8, 8, 1] },
      trunk: () => [tfl.layers.conv2d({ filters: 4, kernelSize: 3 })],
      sharing: hardSharing(),
      heads: model.heads,
      seed: 1,
    });
  });

  test('what is not a head is an error', () => {
    const { losses: _, ...rest } = model.heads.kind;
    // @ts-expect-error losses() is missing
    const headless: Head<number, unknown> = rest;
    expectTypeOf(headless).not.toBeAny();
  });
});
