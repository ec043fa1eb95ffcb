import { TaskError } from '@espalier/core';
import * as tf from '@tensorflow/tfjs-core';
import type { VisionHead } from './draw/picture.js';
import { drawSegments } from './draw/segments.js';
import { groupPixels, OFFSET_UNIT } from './group-pixels.js';
import { checkIndex } from './indices.js';
import { checkMapSize, type FoundSegment, type SegmentMap, UNKNOWN } from './label-map.js';
import { maskAveragePrecision } from './metrics/mask-average-precision.js';
import { panopticQuality, recognitionQuality, segmentationQuality } from './metrics/panoptic-quality.js';
import { pixelCrossEntropies } from './pixel-loss.js';
import { pixelOutputs } from './pixel-outputs.js';

export interface InstanceSegmentationOptions<Class extends string> {
  /** The names of the classes of objects, at least one. A segment's `class` is a place in this list. */
  readonly classes: readonly Class[];
  /** The channels of the convolution between the features and the outputs; 32 unless given. */
  readonly channels?: number;
}

/** Heat of being a centre (1), and where the centre is from here: down (1) and right (1). */
const CENTRE = 3;
/** How much the squared error of the heat counts, and the absolute error of the offsets. */
const HEAT_WEIGHT = 10;
const OFFSET_WEIGHT = 0.5;

/**
 * Instance segmentation on the last feature map, [batch, height, width, channels], which has to have the size of the
 * label maps. Every cell says which class of object it shows, or none; how near it is to the object's centre; and
 * where that centre is. So touching objects come apart, with convolutions alone. Cells that are `UNKNOWN`, and
 * crowds, take no part.
 *
 * The loss of a picture is the mean cross-entropy of the classes in nats, plus the mean squared error of the heat and
 * the mean absolute error of the offsets, the latter over the objects' pixels.
 *
 * B. Cheng et al., "Panoptic-DeepLab", CVPR 2020, section 3: centre heat, offsets and grouping. Here the classes are
 * the head's own, the Gaussian of the heat is as large as the object and ends at its edge, and pixels go to a centre
 * of their own connected region.
 */
export function instanceSegmentation<const Class extends string>({
  classes,
  channels = 32,
}: InstanceSegmentationOptions<Class>): VisionHead<SegmentMap, SegmentMap<FoundSegment<Class>>> {
  const count = classes.length;
  if (count < 1) throw new RangeError('An instance segmentation needs at least one class; found none.');

  return {
    kind: `instanceSegmentation(${count} classes, ${channels} channels)`,

    connect: (features, task) =>
      pixelOutputs(features, task, { name: 'outputs', channels, outputs: count + 1 + CENTRE }),

    encode(labels, { task, outputShape: [height, width] }) {
      const depth = 1 + CENTRE;
      const values = new Float32Array(labels.length * height * width * depth);
      for (const [example, label] of labels.entries()) {
        if (label === undefined) continue;
        checkMapSize(label, { width, height }, task);
        checkSegments(label, count, task);
        const pixels = values.subarray(
          example * height * width * depth,
          (example + 1) * height * width * depth,
        );
        encodeMap(label, pixels);
      }
      return tf.tensor4d(values, [labels.length, height, width, depth]);
    },

    losses(output, target) {
      return tf.tidy(() => {
        const [scores, heat, offsets] = tf.split(output, [count + 1, 1, 2], -1);
        const [classIndex, trueHeat, trueOffsets] = tf.split(target, [1, 1, 2], -1);
        const known = tf.cast(tf.greaterEqual(classIndex, 0), 'float32');
        const objects = tf.cast(tf.greater(classIndex, 0), 'float32');
        const heatError = maskedMeans(tf.squaredDifference(tf.sigmoid(heat), trueHeat), known);
        const offsetError = maskedMeans(tf.abs(tf.sub(offsets, trueOffsets)), objects);
        return tf.addN([
          pixelCrossEntropies(scores, tf.squeeze(classIndex, [-1]), new Array(count + 1).fill(1)),
          tf.mul(heatError, HEAT_WEIGHT),
          tf.mul(offsetError, OFFSET_WEIGHT),
        ]) as tf.Tensor1D;
      });
    },

    async decode(output) {
      const [examples, height, width, depth] = output.shape as [number, number, number, number];
      const values = await output.data<'float32'>();
      const size = height * width * depth;
      return Array.from({ length: examples }, (_, example) => {
        const pixels = values.subarray(example * size, (example + 1) * size);
        const { segments, ...map } = groupPixels(pixels, { width, height, classes: count });
        return {
          ...map,
          segments: segments.map((segment) => ({ ...segment, label: classes[segment.class] })),
        };
      });
    },

    metrics: [
      maskAveragePrecision(0.5),
      maskAveragePrecision(),
      panopticQuality(),
      segmentationQuality(),
      recognitionQuality(),
    ],

    /** Every object in a colour of its own. */
    draw: (map, size) => drawSegments(map, size, { opacity: 0.3, stroke: 0.8 }),
  };
}

function checkSegments({ values, segments, width }: SegmentMap, count: number, task: string): void {
  for (const [index, segment] of segments.entries()) {
    checkIndex(segment.class, count, { task, found: `segment ${index + 1} of the class` });
  }
  for (let pixel = 0; pixel < values.length; pixel++) {
    const value = values[pixel];
    if (value >= UNKNOWN && value <= segments.length) continue;
    throw new TaskError(
      task,
      `found the segment ${value} in column ${pixel % width}, row ${Math.floor(pixel / width)} of a map with ` +
        `${segments.length} segments; expected one of them, 0 for none, or UNKNOWN (${UNKNOWN}).`,
    );
  }
}

/** Writes class (0 none, −1 unknown), heat and offsets of every pixel. */
function encodeMap({ width, values, segments }: SegmentMap, pixels: Float32Array): void {
  const depth = 1 + CENTRE;
  const extents = segmentExtents({ width, values, segments });
  for (let pixel = 0; pixel < values.length; pixel++) {
    const value = values[pixel];
    const place = pixel * depth;
    if (value === UNKNOWN || (value > 0 && segments[value - 1].crowd)) pixels[place] = UNKNOWN;
    else if (value > 0) {
      const { row, column, deviation } = extents[value - 1];
      const down = row - Math.floor(pixel / width);
      const right = column - (pixel % width);
      pixels[place] = segments[value - 1].class + 1;
      pixels[place + 1] = Math.exp(-(down ** 2 + right ** 2) / (2 * deviation ** 2));
      pixels[place + 2] = down / OFFSET_UNIT;
      pixels[place + 3] = right / OFFSET_UNIT;
    }
  }
}

/** The centre of mass of every segment, and the deviation of its heat: half the radius of a disc of its area. */
function segmentExtents({ width, values, segments }: Pick<SegmentMap, 'width' | 'values' | 'segments'>) {
  const sums = segments.map(() => ({ area: 0, row: 0, column: 0 }));
  for (let pixel = 0; pixel < values.length; pixel++) {
    const value = values[pixel];
    if (value <= 0) continue;
    const sum = sums[value - 1];
    sum.area++;
    sum.row += Math.floor(pixel / width);
    sum.column += pixel % width;
  }
  return sums.map(({ area, row, column }) => ({
    row: row / area,
    column: column / area,
    deviation: Math.sqrt(area / Math.PI) / 2,
  }));
}

/** The mean of values, [batch, height, width, channels], where the mask, [batch, height, width, 1], is 1; or 0. */
function maskedMeans(values: tf.Tensor, mask: tf.Tensor): tf.Tensor {
  const sums = tf.sum(tf.mul(tf.mean(values, -1, true), mask), [1, 2, 3]);
  return tf.div(sums, tf.maximum(tf.sum(mask, [1, 2, 3]), 1));
}
