import { TaskError } from '@espalier/core';
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { ANCHORS_A_CELL, levelSize, pyramidAnchors } from './anchors.js';
import type { Box, DetectedBox, LabelledBox } from './box.js';
import { type BoxDeltas, boxFrom, deltasOf } from './box-deltas.js';
import { checkBox } from './check-box.js';
import { boxMetrics, CANDIDATES, type CandidateBox, detectedBoxes, LEAST_LOGIT } from './detected-boxes.js';
import { drawBoxes } from './draw/boxes.js';
import type { PictureSize, VisionHead } from './draw/picture.js';
import { logit, probabilityOf } from './logit.js';
import { BACKGROUND, matchAnchors } from './match-anchors.js';
import { Surest } from './surest.js';

export interface AnchorDetectionOptions<Class extends string> {
  /** The names of the classes of objects, at least one. A box's `class` is a place in this list. */
  readonly classes: readonly Class[];
  /** The size of the network's input in pixels: anchors have sizes in pixels. */
  readonly picture: PictureSize;
  /**
   * The pixels from one cell to the next of the trunk's last features, one number a feature, in their order: a pyramid's
   * levels, from the coarsest to the finest. 32, 16 and 8 unless given, as `featurePyramid` has them over trunks that
   * end at a thirty-second. The sides of anchors are 4 to 6.3 strides.
   */
  readonly strides?: readonly number[];
  /** The channels of the convolutions between the features and the outputs; 64 unless given. */
  readonly channels?: number;
}

/** Where the box is from the anchor (2), and the logarithms of its sizes (2). */
const BOX = 4;
/** Before any training every anchor shows an object with this probability (section 4.1). */
const PRIOR = 0.01;
/** The deviation of the first weights (section 4.1). */
const FIRST_DEVIATION = 0.01;
/** The focal loss's weight of objects, and its exponent (section 3.2). */
const ALPHA = 0.25;
const GAMMA = 2;

/**
 * Object detection with anchors, on a pyramid: RetinaNet. Every cell of every level has nine anchors, boxes of three
 * ratios with three scales each; of each the head says how probable it is that it shows an object of each class, and
 * where that object's box is from there. The levels have the same channels, and share the head's convolutions.
 *
 * The output is [batch, anchors, classes + 4], level after level. An anchor learns the object that it overlaps most, if
 * by at least 0.5 (intersection over union) or more than any other anchor does; none below 0.4; between them it takes no
 * part. The loss of a picture is the focal loss of sigmoid classes over all anchors, plus the smooth L1 loss of the boxes
 * of those with an object; both are divided by the number of these.
 *
 * T.-Y. Lin et al., "Focal Loss for Dense Object Detection", ICCV 2017, sections 3 and 4; smooth L1 is R. Girshick's,
 * "Fast R-CNN", ICCV 2015, equation 3. Here each subnet has one convolution in front of its output, not four, 64 channels,
 * not 256, and the levels are those of the pyramid.
 */
export function anchorDetection<const Class extends string>({
  classes,
  picture,
  strides = [32, 16, 8],
  channels = 64,
}: AnchorDetectionOptions<Class>): VisionHead<readonly LabelledBox[], readonly DetectedBox<Class>[]> {
  const count = classes.length;
  if (count < 1) throw new RangeError('An anchor detection needs at least one class; found none.');
  checkLevels(picture, strides);
  const anchors = pyramidAnchors(picture, strides);

  return {
    kind: `anchorDetection(${count} classes, ${channels} channels, strides ${strides.join(', ')})`,

    connect(features, task) {
      const levels = checkedLevels(features, { picture, strides, task });
      const scores = subnet(`${task}/classes`, {
        channels,
        outputs: count,
        bias: logit(PRIOR),
      });
      const boxes = subnet(`${task}/boxes`, { channels, outputs: BOX, bias: 0 });
      const outputs = levels.map((level, index) =>
        tfl.layers.concatenate({ name: `${task}/level${index}` }).apply([scores(level), boxes(level)]),
      ) as tfl.SymbolicTensor[];
      if (outputs.length === 1) return outputs[0];
      return tfl.layers.concatenate({ name: `${task}/output`, axis: 1 }).apply(outputs) as tfl.SymbolicTensor;
    },

    /** Of every anchor the class, `BACKGROUND` or `IGNORED`, and its object's box from there: [batch, anchors, 5]. */
    encode(labels, { task }) {
      const depth = 1 + BOX;
      const values = new Float32Array(labels.length * anchors.length * depth);
      for (const [example, boxes = []] of labels.entries()) {
        for (const box of boxes) checkBox(box, count, task);
        values.set(encodeBoxes(boxes, anchors), example * anchors.length * depth);
      }
      return tf.tensor3d(values, [labels.length, anchors.length, depth]);
    },

    losses(output, target) {
      return tf.tidy(() => {
        const [scores, deltas] = tf.split(output, [count, BOX], -1);
        const [chosen, trueDeltas] = tf.split(target, [1, BOX], -1);
        const known = tf.cast(tf.greaterEqual(chosen, BACKGROUND), 'float32');
        const shows = tf.cast(tf.greater(chosen, BACKGROUND), 'float32');
        const truth = tf.cast(tf.equal(chosen, tf.range(0, count)), 'float32');
        const classLoss = tf.sum(tf.mul(focalLosses(scores, truth), known), [1, 2]);
        const boxLoss = tf.sum(tf.mul(smoothL1(tf.sub(deltas, trueDeltas)), shows), [1, 2]);
        const objects = tf.maximum(tf.sum(shows, [1, 2]), 1);
        return tf.div(tf.add(classLoss, boxLoss), objects) as tf.Tensor1D;
      });
    },

    async decode(output) {
      const values = await output.data<'float32'>();
      const size = anchors.length * (count + BOX);
      return Array.from({ length: output.shape[0] }, (_, example) => {
        const rows = values.subarray(example * size, (example + 1) * size);
        return detectedBoxes(candidates(rows, { anchors, classes: count }), classes);
      });
    },

    metrics: boxMetrics,

    draw: drawBoxes,
  };
}

/** One of the two subnets: what it says about every anchor of a level, [batch, anchors, outputs]. */
function subnet(
  name: string,
  { channels, outputs, bias }: { channels: number; outputs: number; bias: number },
): (level: tfl.SymbolicTensor) => tfl.SymbolicTensor {
  const kernelInitializer = () => tfl.initializers.randomNormal({ stddev: FIRST_DEVIATION });
  const hidden = tfl.layers.conv2d({
    name: `${name}/hidden`,
    filters: channels,
    kernelSize: 3,
    padding: 'same',
    activation: 'relu',
    kernelInitializer: kernelInitializer(),
  });
  const output = tfl.layers.conv2d({
    name: `${name}/output`,
    filters: ANCHORS_A_CELL * outputs,
    kernelSize: 3,
    padding: 'same',
    kernelInitializer: kernelInitializer(),
    biasInitializer: tfl.initializers.constant({ value: bias }),
  });
  return (level) => {
    const [, height, width] = level.shape as number[];
    const byAnchor = tfl.layers.reshape({ targetShape: [height * width * ANCHORS_A_CELL, outputs] });
    return [hidden, output, byAnchor].reduce(
      (latest, layer) => layer.apply(latest) as tfl.SymbolicTensor,
      level,
    );
  };
}

function checkLevels({ width, height }: PictureSize, strides: readonly number[]): void {
  const isCount = (value: number) => Number.isInteger(value) && value >= 1;
  if (![width, height].every(isCount)) {
    throw new RangeError(`The picture is ${width} × ${height} pixels; expected whole numbers from 1.`);
  }
  if (strides.length < 1 || !strides.every(isCount)) {
    throw new RangeError(`strides is [${strides.join(', ')}]; expected one whole number of pixels a level.`);
  }
}

/** The features that the strides are of. */
function checkedLevels(
  features: readonly tfl.SymbolicTensor[],
  { picture, strides, task }: { picture: PictureSize; strides: readonly number[]; task: string },
): readonly tfl.SymbolicTensor[] {
  const levels = features.slice(-strides.length);
  const expected = strides.map((stride) => levelSize(picture, stride));
  const fit =
    levels.length === strides.length &&
    levels.every(
      ({ shape: [, height, width, channels] }, index) =>
        height === expected[index].height &&
        width === expected[index].width &&
        channels === levels[0].shape[3],
    );
  if (fit) return levels;
  throw new TaskError(
    task,
    `the trunk's last features are ${levels.map(({ shape }) => shape.slice(1).join(' × ')).join(', ')}; expected ` +
      `${expected.map(({ width, height }) => `${height} × ${width}`).join(', ')}, all of the same channels, by strides ` +
      `of ${strides.join(', ')} in a picture ${picture.height} pixels high and ${picture.width} wide. End the trunk with ` +
      'a `featurePyramid`, and give the strides of its levels.',
  );
}

function encodeBoxes(boxes: readonly LabelledBox[], anchors: readonly Box[]): Float32Array {
  const values = new Float32Array(anchors.length * (1 + BOX));
  for (const [anchor, match] of matchAnchors(anchors, boxes).entries()) {
    const row =
      match > BACKGROUND ? [boxes[match].class, ...deltasOf(boxes[match], anchors[anchor])] : [match];
    values.set(row, anchor * (1 + BOX));
  }
  return values;
}

/** Equation 5, of raw scores and of truths that are 0 or 1. */
function focalLosses(scores: tf.Tensor, truth: tf.Tensor): tf.Tensor {
  const probability = tf.sigmoid(scores);
  const missed = tf.mul(tf.pow(tf.sub(1, probability), GAMMA), tf.softplus(tf.neg(scores)));
  const invented = tf.mul(tf.pow(probability, GAMMA), tf.softplus(scores));
  return tf.add(tf.mul(truth, tf.mul(missed, ALPHA)), tf.mul(tf.sub(1, truth), tf.mul(invented, 1 - ALPHA)));
}

/** Half the square up to 1, from there on the straight line that goes on from it. */
function smoothL1(differences: tf.Tensor): tf.Tensor {
  const size = tf.abs(differences);
  const curved = tf.minimum(size, 1);
  return tf.add(tf.div(tf.square(curved), 2), tf.sub(size, curved));
}

/** The surest boxes of one picture, with the part that is inside it. */
function candidates(
  rows: Float32Array,
  { anchors, classes }: { anchors: readonly Box[]; classes: number },
): CandidateBox[] {
  const depth = classes + BOX;
  const surest = new Surest(CANDIDATES, LEAST_LOGIT);
  for (let anchor = 0; anchor < anchors.length; anchor++) {
    for (let place = anchor * depth; place < anchor * depth + classes; place++) {
      surest.offer(place, rows[place]);
    }
  }
  return surest
    .ranked()
    .map(({ place, score }) => {
      const anchor = Math.floor(place / depth);
      const [right, down, logWidth, logHeight] = rows.subarray(
        anchor * depth + classes,
        (anchor + 1) * depth,
      );
      const deltas: BoxDeltas = [right, down, logWidth, logHeight];
      return {
        ...insidePicture(boxFrom(deltas, anchors[anchor])),
        class: place % depth,
        score: probabilityOf(score),
      };
    })
    .filter(({ width, height }) => width > 0 && height > 0);
}

function insidePicture({ x, y, width, height }: Box): Box {
  const [left, top] = [Math.max(x, 0), Math.max(y, 0)];
  return { x: left, y: top, width: Math.min(x + width, 1) - left, height: Math.min(y + height, 1) - top };
}
