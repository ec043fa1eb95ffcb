import { describeShape, type Stage, type Trunk, type Weight, WeightsError } from '@espalier/core';
import * as tf from '@tensorflow/tfjs-core';
import type { WeightLayout } from './layout.js';

type LayerVariable = Stage['weights'][number];

/** How many differences an error names. */
const NAMED = 8;
/** Kernels do not depend on it: any size of picture is computed with the same weights, and any length of text. */
const BUILD_SHAPE = [null, 64, 64, 3];

/**
 * Gives a trunk for colour pictures or texts the weights of a file, by the names of a layout. Call it where the trunk is made,
 * before anything is put behind it: `unet({ encoder: loadWeights(resnet18(), weights, torchvisionResNet) })`.
 *
 * @returns the same trunk.
 * @throws WeightsError when tensors are missing, are more than the layout knows, or have another shape; all of them are
 * counted, and the first ones named. Then no weight is changed.
 */
export function loadWeights(trunk: Trunk, weights: ReadonlyMap<string, Weight>, layout: WeightLayout): Trunk {
  build(trunk);
  const wanted = trunk.flatMap(leaves).flatMap((layer) =>
    layer.weights.map((variable) => {
      const kind = variable.originalName.split('/').at(-1)!;
      return { variable, kind, name: layout.tensorName(layer.name, kind) };
    }),
  );
  const names = new Set(wanted.map(({ name }) => name));
  const missing = [...names].filter((name) => !weights.has(name));
  const extra = [...weights.keys()].filter((name) => !names.has(name) && !layout.ignored.test(name));
  const misshapen = wanted.flatMap(({ variable, kind, name }) => {
    const found = weights.get(name)?.shape;
    const expected = shapeThere(variable, kind, layout);
    if (found === undefined || tf.util.arraysEqual([...found], expected)) return [];
    return [`${name} is ${describeShape(found)} there and has to be ${describeShape(expected)}`];
  });
  const problems = [list('missing', missing), list('not known', extra), list('of another shape', misshapen)];
  if (problems.some((problem) => problem !== '')) {
    throw new WeightsError(
      `The weights do not fit this trunk by the layout ${layout.name}: ${problems.filter(Boolean).join('; ')}.`,
    );
  }
  for (const { variable, kind, name } of wanted) assign(variable, kind, weights.get(name)!, layout);
  return trunk;
}

/** Makes the variables of stages that nothing was put through so far. */
function build(trunk: Trunk): void {
  let shape: Parameters<Stage['build']>[0] = BUILD_SHAPE;
  for (const stage of trunk) {
    if (!stage.built) stage.build(shape);
    stage.built = true;
    shape = stage.computeOutputShape(shape);
  }
}

/** The layers inside a stage that hold weights themselves. */
function leaves(layer: Stage): readonly Stage[] {
  return 'layers' in layer ? (layer.layers as readonly Stage[]).flatMap(leaves) : [layer];
}

/** The shape of a weight in a file of this layout. */
function shapeThere(variable: LayerVariable, kind: string, { kernels }: WeightLayout): number[] {
  const shape = variable.shape as number[];
  if (kernels === 'tensorflow' || !kind.endsWith('kernel')) return shape;
  if (shape.length === 2) return shape.toReversed();
  const [height, width, inputs, outputs] = shape;
  return kind === 'kernel' ? [outputs, inputs, height, width] : [inputs * outputs, 1, height, width];
}

function assign(variable: LayerVariable, kind: string, weight: Weight, { kernels }: WeightLayout): void {
  const value = tf.tidy(() => {
    const stored = tf.tensor(weight.values, [...weight.shape]);
    if (kernels === 'tensorflow' || !kind.endsWith('kernel')) return stored;
    if (stored.rank === 2) return tf.transpose(stored);
    const axes = kind === 'kernel' ? [2, 3, 1, 0] : [2, 3, 0, 1];
    return tf.reshape(tf.transpose(stored, axes), variable.shape as number[]);
  });
  variable.write(value);
  value.dispose();
}

function list(what: string, names: readonly string[]): string {
  if (names.length === 0) return '';
  const more = names.length > NAMED ? ` and ${names.length - NAMED} more` : '';
  return `${names.length} ${what} (${names.slice(0, NAMED).join(', ')}${more})`;
}
