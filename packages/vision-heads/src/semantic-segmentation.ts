import { TaskError } from '@espalier/core';
import * as tf from '@tensorflow/tfjs-core';
import type { VisionHead } from './draw/picture.js';
import { drawSegments } from './draw/segments.js';
import { type ClassMap, checkMapSize, UNKNOWN } from './label-map.js';
import {
  classIntersectionOverUnion,
  meanIntersectionOverUnion,
  pixelAccuracy,
} from './metrics/pixel-metrics.js';
import { pixelCrossEntropies } from './pixel-loss.js';
import { pixelOutputs } from './pixel-outputs.js';

/** Which class every pixel shows. */
export interface SegmentedPicture<Class extends string = string> extends ClassMap {
  /** The names of the classes; `values` are places in this list. */
  readonly classes: readonly Class[];
  /** For every pixel the probability of its class. */
  readonly probabilities: Float32Array;
}

export interface SemanticSegmentationOptions<Class extends string> {
  /** The names of the classes, at least two; what is nothing else is often the first. */
  readonly classes: readonly Class[];
  /** The channels of the convolution between the features and the scores; 32 unless given. */
  readonly channels?: number;
  /** How much the pixels of each class count in the cross-entropy; 1 for each unless given. */
  readonly classWeights?: readonly number[];
  /** How much the Dice loss counts beside the cross-entropy; 0 unless given. */
  readonly dice?: number;
}

/**
 * Semantic segmentation: a class for every cell of the last feature map, [batch, height, width, channels], which has
 * to have the size of the label maps. A pixel of a label map that is `UNKNOWN` takes no part.
 *
 * The loss of a picture is the softmax cross-entropy in nats, averaged over its known pixels by the weights of their
 * classes; to it may be added 1 minus the mean over the classes of the Dice coefficient, which counts small classes
 * as much as large ones: F. Milletari, N. Navab, S.-A. Ahmadi, "V-Net", 3DV 2016, section 3.
 */
export function semanticSegmentation<const Class extends string>({
  classes,
  channels = 32,
  classWeights = classes.map(() => 1),
  dice = 0,
}: SemanticSegmentationOptions<Class>): VisionHead<ClassMap, SegmentedPicture<Class>> {
  const count = classes.length;
  if (count < 2) throw new RangeError(`A segmentation needs at least two classes; found ${count}.`);
  if (classWeights.length !== count || !classWeights.every((weight) => weight > 0 && weight < Infinity)) {
    throw new RangeError(`Expected a positive weight for each of ${count} classes; found ${classWeights}.`);
  }
  if (!(dice >= 0 && dice < Infinity)) throw new RangeError(`dice is ${dice}; expected a number from 0.`);

  return {
    kind: `semanticSegmentation(${count} classes, ${channels} channels)`,

    connect: (features, task) => pixelOutputs(features, task, { name: 'scores', channels, outputs: count }),

    encode(labels, { task, outputShape: [height, width] }) {
      const values = new Int32Array(labels.length * height * width);
      for (const [example, label] of labels.entries()) {
        if (label === undefined) continue;
        checkMapSize(label, { width, height }, task);
        checkClasses(label, count, task);
        values.set(label.values, example * height * width);
      }
      return tf.tensor3d(values, [labels.length, height, width], 'int32');
    },

    losses(scores, target) {
      return tf.tidy(() => {
        const crossEntropy = pixelCrossEntropies(scores, target, classWeights);
        return dice === 0
          ? crossEntropy
          : (tf.add(crossEntropy, tf.mul(diceLosses(scores, target, count), dice)) as tf.Tensor1D);
      });
    },

    async decode(scores) {
      const [examples, height, width] = scores.shape;
      const all = await scores.data<'float32'>();
      const size = height * width * count;
      return Array.from({ length: examples }, (_, example) => ({
        width,
        height,
        classes,
        ...surestClasses(all.subarray(example * size, (example + 1) * size), count),
      }));
    },

    metrics: [
      meanIntersectionOverUnion(count),
      pixelAccuracy(count),
      ...classes.map((_, index) => classIntersectionOverUnion(classes, index)),
    ],

    /** The classes but the first, each in its colour. */
    draw: (map, size) => drawSegments(map, size, { opacity: 0.35, stroke: 0.6 }),
  };
}

/** Plain code: the plain engine takes 20 times as long for tensors of a picture's size. */
function surestClasses(
  scores: Float32Array,
  count: number,
): { readonly values: Int32Array; readonly probabilities: Float32Array } {
  const values = new Int32Array(scores.length / count);
  const probabilities = new Float32Array(values.length);
  for (let pixel = 0; pixel < values.length; pixel++) {
    const place = pixel * count;
    let best = 0;
    for (let index = 1; index < count; index++)
      if (scores[place + index] > scores[place + best]) best = index;
    let sum = 0;
    for (let index = 0; index < count; index++) sum += Math.exp(scores[place + index] - scores[place + best]);
    values[pixel] = best;
    probabilities[pixel] = 1 / sum;
  }
  return { values, probabilities };
}

function checkClasses({ values, width }: ClassMap, count: number, task: string): void {
  // A plain loop: over every pixel an iterator takes a tenth of a training step.
  for (let pixel = 0; pixel < values.length; pixel++) {
    const value = values[pixel];
    if (value === UNKNOWN || (value >= 0 && value < count)) continue;
    throw new TaskError(
      task,
      `found the class ${value} in column ${pixel % width}, row ${Math.floor(pixel / width)} of a label map; expected ` +
        `one from 0 to ${count - 1}, or UNKNOWN (${UNKNOWN}) where it is not known.`,
    );
  }
}

/** 1 minus the mean of the Dice coefficients of all classes, for every example. */
function diceLosses(scores: tf.Tensor, target: tf.Tensor, count: number): tf.Tensor1D {
  const known = tf.expandDims(tf.cast(tf.greaterEqual(target, 0), 'float32'), -1);
  const truth = tf.oneHot(tf.cast(target, 'int32'), count);
  const probabilities = tf.mul(tf.softmax(scores as tf.Tensor4D), known);
  const both = tf.sum(tf.mul(probabilities, truth), [1, 2]);
  const each = tf.add(tf.sum(tf.square(probabilities), [1, 2]), tf.sum(tf.square(truth), [1, 2]));
  // One more pixel in both, so that a class that is nowhere has a coefficient of 1.
  const coefficients = tf.div(tf.add(tf.mul(both, 2), 1), tf.add(each, 1));
  return tf.sub(1, tf.mean(coefficients, -1)) as tf.Tensor1D;
}
