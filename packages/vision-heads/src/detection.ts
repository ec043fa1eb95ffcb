import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import type { DetectedBox, LabelledBox } from './box.js';
import { type BoxTensors, generalizedIouLosses } from './box-losses.js';
import { checkBox } from './check-box.js';
import { boxMetrics, CANDIDATES, type CandidateBox, detectedBoxes, LEAST_LOGIT } from './detected-boxes.js';
import { drawBoxes } from './draw/boxes.js';
import type { VisionHead } from './draw/picture.js';
import { logit, probabilityOf } from './logit.js';
import { Surest } from './surest.js';

export interface DetectionOptions<Class extends string> {
  /** The names of the classes of objects, at least one. A box's `class` is a place in this list. */
  readonly classes: readonly Class[];
  /** The channels of the convolution between the features and the outputs; 64 unless given. */
  readonly channels?: number;
  /**
   * Where boxes are learned. `centre`: in the cell of an object's centre, by their absolute error (Zhou et al.). `area`:
   * in all cells around it, by GIoU (Liu et al.), which needs fewer steps, above all for large objects. `centre` unless
   * given.
   */
  readonly regression?: 'centre' | 'area';
}

/** Offset of the box's centre from its cell's corner, in cells (2), and logarithm of its width and height (2). */
const BOX = 4;
/** Before any training every place is an object with this probability (T.-Y. Lin et al. 2017, section 4.1). */
const PRIOR = 0.1;
/** The area that learns an object's box is where its Gaussian is at least this. */
const LEAST_WEIGHT = 0.3;
/** How much more GIoU counts than the centres (Liu et al., section 3.4). */
const GIOU_WEIGHT = 5;
/** The deviation of the first weights of boxes that GIoU teaches. */
const FIRST_DEVIATION = 1e-3;
/** Logarithms of sizes go no further: a step that is too long shall not overflow. */
const LOG_LIMIT = 6;

/**
 * Anchor-free object detection on the last feature map, [batch, height, width, channels]. Each of its cells says
 * how probable it is that an object of each class has its centre there, where in the cell, and how large it is.
 *
 * The loss of a picture is a focal loss on the centres, softened around them by a Gaussian, plus that of the boxes: the
 * absolute error of offset and log size at the centres, or five times 1 − GIoU, averaged over each object's area with the
 * Gaussian as weight. Both are divided by the number of objects.
 *
 * X. Zhou, D. Wang, P. Krähenbühl, "Objects as Points", 2019, section 3 (equations 1 to 3). Here the size is
 * learned as a logarithm, in fractions of the picture, and the Gaussian is as wide and high as the box.
 *
 * Z. Liu et al., "Training-Time-Friendly Network for Real-Time Object Detection", AAAI 2020, sections 3.2 to 3.4, for
 * `area`. Here all objects count alike, and centre and size are learned, not the distances to the sides.
 */
export function detection<const Class extends string>({
  classes,
  channels = 64,
  regression = 'centre',
}: DetectionOptions<Class>): VisionHead<readonly LabelledBox[], readonly DetectedBox<Class>[]> {
  const count = classes.length;
  if (count < 1) throw new RangeError('A detection needs at least one class; found none.');

  return {
    kind: `detection(${count} classes, ${channels} channels)`,

    connect(features, task) {
      const hidden = tfl.layers
        .conv2d({
          name: `${task}/hidden`,
          filters: channels,
          kernelSize: 3,
          padding: 'same',
          activation: 'relu',
        })
        .apply(features[features.length - 1]);
      const centres = tfl.layers
        .conv2d({
          name: `${task}/centres`,
          filters: count,
          kernelSize: 1,
          biasInitializer: tfl.initializers.constant({ value: logit(PRIOR) }),
        })
        .apply(hidden);
      const boxes = tfl.layers
        .conv2d({
          name: `${task}/boxes`,
          filters: BOX,
          kernelSize: 1,
          // A box that begins far too small has no gradient of GIoU to grow by: all begin as the whole picture.
          ...(regression === 'area' && {
            kernelInitializer: tfl.initializers.randomNormal({ stddev: FIRST_DEVIATION }),
          }),
        })
        .apply(hidden);
      return tfl.layers
        .concatenate({ name: `${task}/output` })
        .apply([centres, boxes] as tfl.SymbolicTensor[]) as tfl.SymbolicTensor;
    },

    encode(labels, { task, outputShape: [height, width] }) {
      const depth = count + BOX + 1;
      const values = new Float32Array(labels.length * height * width * depth);
      for (const [example, boxes] of labels.entries()) {
        for (const box of boxes ?? []) checkBox(box, count, task);
        const cells = values.subarray(
          example * height * width * depth,
          (example + 1) * height * width * depth,
        );
        // The largest first: where areas overlap, the smaller object has the cell.
        const largestFirst = (boxes ?? []).toSorted((a, b) => b.width * b.height - a.width * a.height);
        for (const box of largestFirst) drawBox(cells, box, { height, width, depth }, regression);
      }
      return tf.tensor4d(values, [labels.length, height, width, depth]);
    },

    losses(output, target) {
      return tf.tidy(() => {
        const [scores, boxes] = tf.split(output, [count, BOX], -1);
        const [heat, trueBoxes, weights] = tf.split(target, [count, BOX, 1], -1);
        const objects = tf.maximum(tf.sum(tf.cast(tf.equal(heat, 1), 'float32'), [1, 2, 3]), 1);
        const centreLoss = tf.sum(focalLosses(scores, heat), [1, 2, 3]);
        const boxLosses =
          regression === 'centre'
            ? tf.abs(tf.sub(boxes, trueBoxes))
            : tf.mul(generalizedIouLosses(boxesOf(boxes), boxesOf(trueBoxes)), GIOU_WEIGHT);
        const boxLoss = tf.sum(tf.mul(boxLosses, weights), [1, 2, 3]);
        return tf.div(tf.add(centreLoss, boxLoss), objects) as tf.Tensor1D;
      });
    },

    async decode(output) {
      const [examples, height, width, depth] = output.shape as [number, number, number, number];
      const values = await output.data<'float32'>();
      return Array.from({ length: examples }, (_, example) => {
        const cells = values.subarray(
          example * height * width * depth,
          (example + 1) * height * width * depth,
        );
        return detectedBoxes(readBoxes(cells, { height, width, depth }, count), classes);
      });
    },

    metrics: boxMetrics,

    draw: drawBoxes,
  };
}

interface Grid {
  readonly height: number;
  readonly width: number;
  readonly depth: number;
}

/** Writes an object into the cells of its picture: heat around the centre, and the box where it is learned. */
function drawBox(
  cells: Float32Array,
  box: LabelledBox,
  { height, width, depth }: Grid,
  regression: 'centre' | 'area',
): void {
  const centreX = (box.x + box.width / 2) * width;
  const centreY = (box.y + box.height / 2) * height;
  const column = Math.min(Math.floor(centreX), width - 1);
  const row = Math.min(Math.floor(centreY), height - 1);
  // A standard deviation of a sixth of the box puts its edges at three of them.
  const deviationX = (box.width * width) / 6;
  const deviationY = (box.height * height) / 6;
  const leastWeight = regression === 'centre' ? 1 : LEAST_WEIGHT;
  const area: { readonly cell: number; readonly values: number[]; readonly weight: number }[] = [];
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const distance = ((x - column) / deviationX) ** 2 + ((y - row) / deviationY) ** 2;
      const cell = (y * width + x) * depth;
      const heat = Math.exp(-distance / 2);
      cells[cell + box.class] = Math.max(cells[cell + box.class], heat);
      if (heat < leastWeight) continue;
      const values = [centreX - x, centreY - y, Math.log(box.width), Math.log(box.height)];
      area.push({ cell, values, weight: heat });
    }
  }
  const total = area.reduce((sum, { weight }) => sum + weight, 0);
  for (const { cell, values, weight } of area) {
    cells.set([...values, weight / total], cell + depth - BOX - 1);
  }
}

/**
 * Boxes of a map of cells, in fractions of the picture; the middle counts from the cell's corner, which is the same for
 * what was found and what is true.
 */
function boxesOf(boxes: tf.Tensor): BoxTensors {
  const [, height, width] = boxes.shape as number[];
  const [offsetX, offsetY, logWidth, logHeight] = tf.split(boxes, BOX, -1);
  const size = (logarithm: tf.Tensor) => tf.exp(tf.clipByValue(logarithm, -LOG_LIMIT, LOG_LIMIT));
  return {
    x: tf.div(offsetX, width),
    y: tf.div(offsetY, height),
    width: size(logWidth),
    height: size(logHeight),
  };
}

/** Focal loss with softened negatives, α = 2 and β = 4: "Objects as Points", equation 1. */
function focalLosses(scores: tf.Tensor, heat: tf.Tensor): tf.Tensor {
  const probability = tf.sigmoid(scores);
  const isCentre = tf.cast(tf.equal(heat, 1), 'float32');
  const found = tf.mul(tf.square(tf.sub(1, probability)), tf.softplus(tf.neg(scores)));
  const invented = tf.mul(tf.mul(tf.pow(tf.sub(1, heat), 4), tf.square(probability)), tf.softplus(scores));
  return tf.add(tf.mul(isCentre, found), tf.mul(tf.sub(1, isCentre), invented));
}

/** The surest boxes of one picture: at cells that score at least as high as their eight neighbours. */
function readBoxes(cells: Float32Array, grid: Grid, classes: number): CandidateBox[] {
  const { height, width, depth } = grid;
  const surest = new Surest(CANDIDATES, LEAST_LOGIT);
  for (let row = 0; row < height; row++) {
    for (let column = 0; column < width; column++) {
      const cell = (row * width + column) * depth;
      for (let place = cell; place < cell + classes; place++) {
        if (surest.takes(cells[place]) && isPeak(cells, grid, row, column, place)) {
          surest.offer(place, cells[place]);
        }
      }
    }
  }
  return surest.ranked().map(({ place, score }) => {
    const cell = Math.floor(place / depth);
    const first = cell * depth + classes;
    const [offsetX, offsetY, logWidth, logHeight] = cells.subarray(first, first + BOX);
    const boxWidth = Math.exp(logWidth);
    const boxHeight = Math.exp(logHeight);
    return {
      x: ((cell % width) + offsetX) / width - boxWidth / 2,
      y: (Math.floor(cell / width) + offsetY) / height - boxHeight / 2,
      width: boxWidth,
      height: boxHeight,
      class: place % depth,
      score: probabilityOf(score),
    };
  });
}

/** Whether no neighbour of a cell scores higher than the place in it. */
function isPeak(
  cells: Float32Array,
  { height, width, depth }: Grid,
  row: number,
  column: number,
  place: number,
): boolean {
  for (let down = row > 0 ? -1 : 0; down <= (row < height - 1 ? 1 : 0); down++) {
    for (let right = column > 0 ? -1 : 0; right <= (column < width - 1 ? 1 : 0); right++) {
      if (cells[place + (down * width + right) * depth] > cells[place]) return false;
    }
  }
  return true;
}
