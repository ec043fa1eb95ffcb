import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { textBox, type VisionHead } from './draw/picture.js';
import { encodeIndices } from './indices.js';
import { rankOne, verificationErrorRate, verificationRate } from './metrics/face-metrics.js';
import { PersonSimilarity } from './person-similarity.js';

/** Whose face a picture shows. */
export interface RecognizedFace<Person extends string = string> {
  /** Of the people that the head was trained with, the one whose centre is nearest. */
  readonly label: Person;
  /** That person's place in `people`. */
  readonly index: number;
  /** The cosine between the embedding and that person's centre, from -1 to 1. */
  readonly similarity: number;
  /** What the face looks like: a vector of unit length, near those of the same person, whoever that is. */
  readonly embedding: Float32Array;
}

export interface FaceRecognitionOptions<Person extends string> {
  /** The names of the people to train with, at least two. A label is a place in this list. */
  readonly people: readonly Person[];
  /** The embedding's length; 128 unless given. */
  readonly dimensions?: number;
  /** By how much a face has to be nearer to its person than to any other, in radians; 0.3 unless given. */
  readonly margin?: number;
  /** What cosines are multiplied by in front of the softmax; 16 unless given. The paper has 64, for 93,000 people. */
  readonly scale?: number;
}

/** Keeps the derivative of the angle finite where a face is at its person's centre. */
const LEAST_SINE_SQUARE = 1e-6;

/**
 * Face recognition: an embedding in which pictures of one person are near each other. A map of features, [batch, height,
 * width, channels], is taken place by place, since the parts of a face have theirs.
 *
 * The loss is ArcFace's: the cross-entropy, in nats, of scaled cosines with the people's centres, where the angle to the
 * own centre is larger by a margin. Beyond an angle of π less the margin it goes on as a straight line in the cosine, as
 * in the authors' code.
 *
 * People that were not there in training are told apart by their embeddings: see `FaceGallery` and
 * `verificationThreshold`.
 *
 * J. Deng et al., "ArcFace: Additive Angular Margin Loss for Deep Face Recognition", CVPR 2019, equation 3; the layers
 * are its section 3.1's ("BN-FC-BN", here without dropout).
 */
export function faceRecognition<const Person extends string>({
  people,
  dimensions = 128,
  margin = 0.3,
  scale = 16,
}: FaceRecognitionOptions<Person>): VisionHead<number, RecognizedFace<Person>> {
  const count = people.length;
  if (count < 2) throw new RangeError(`A face recognition needs at least two people; found ${count}.`);
  if (!(Number.isInteger(dimensions) && dimensions >= 1)) {
    throw new RangeError(`dimensions is ${dimensions}; expected a whole number from 1.`);
  }
  if (!(margin >= 0 && margin < Math.PI / 2)) {
    throw new RangeError(`margin is ${margin}; expected radians from 0 to less than π/2.`);
  }
  if (!(scale > 0 && scale < Infinity)) throw new RangeError(`scale is ${scale}; expected a number above 0.`);

  return {
    kind: `faceRecognition(${count} people, ${dimensions} dimensions)`,

    connect(features, task) {
      const last = features[features.length - 1];
      const layers = [
        ...(last.shape.length > 2 ? [tfl.layers.flatten({ name: `${task}/flat` })] : []),
        tfl.layers.dense({ name: `${task}/embedding`, units: dimensions, useBias: false }),
        tfl.layers.batchNormalization({ name: `${task}/norm`, momentum: 0.9 }),
        new PersonSimilarity({ name: `${task}/similarity`, people: count }),
      ];
      return layers.reduce((latest, layer) => layer.apply(latest) as tfl.SymbolicTensor, last);
    },

    encode: (labels, { task }) => encodeIndices(labels, count, { task, found: 'the person' }),

    losses(output, target) {
      return tf.tidy(() => {
        const cosines = tf.slice(output, [0, dimensions], [-1, count]);
        const chosen = tf.oneHot(tf.cast(target, 'int32'), count);
        const own = tf.sum(tf.mul(cosines, chosen), 1, true);
        const sines = tf.sqrt(tf.maximum(tf.sub(1, tf.square(own)), LEAST_SINE_SQUARE));
        const turned = tf.sub(tf.mul(own, Math.cos(margin)), tf.mul(sines, Math.sin(margin)));
        const beyond = tf.sub(own, margin * Math.sin(margin));
        // 1 where the turned angle is less than π; unlike a comparison, it has a gradient: none.
        const within = tf.step(tf.add(own, Math.cos(margin)));
        const withMargin = tf.add(beyond, tf.mul(within, tf.sub(turned, beyond)));
        const scores = tf.mul(tf.add(cosines, tf.mul(chosen, tf.sub(withMargin, own))), scale);
        return tf.neg(tf.sum(tf.mul(chosen, tf.logSoftmax(scores)), 1)) as tf.Tensor1D;
      });
    },

    async decode(output) {
      const values = await output.data<'float32'>();
      const length = dimensions + count;
      return Array.from({ length: output.shape[0] }, (_, example) => {
        const row = values.slice(example * length, (example + 1) * length);
        const cosines = row.subarray(dimensions);
        const similarity = Math.max(...cosines);
        const index = cosines.indexOf(similarity);
        return { label: people[index], index, similarity, embedding: row.slice(0, dimensions) };
      });
    },

    metrics: [rankOne, verificationErrorRate, verificationRate(0.01)],

    draw({ label, similarity }, size) {
      return textBox(`${label} ${similarity.toFixed(2)}`, 0, 0, size);
    },
  };
}
