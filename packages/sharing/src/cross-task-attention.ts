import { applyShared, type Sharing } from '@espalier/core';
import * as tf from '@tensorflow/tfjs-core';
import type { SymbolicTensor } from '@tensorflow/tfjs-layers';
import * as tfl from '@tensorflow/tfjs-layers';
import { featuresByTask } from './by-task.js';
import {
  addLayer,
  channelsOf,
  type Inputs,
  type LayerWeight,
  type Shapes,
  shapesOf,
  tensorsOf,
} from './layer.js';
import { applyOwnCopies } from './own-trunks.js';

/**
 * Cross-task attention: the tasks share all stages but the last, of which each has a copy, and then each task's features
 * attend to the other tasks'. A position asks, all positions of all other tasks answer, and the answer is added.
 *
 * The attention is the scaled dot product with one head of A. Vaswani et al., "Attention Is All You Need", NeurIPS 2017,
 * section 3.2.1. Feature maps and sequences are lists of positions, and a vector is one position.
 */
export function crossTaskAttention(): Sharing {
  return {
    kind: 'cross-task-attention',
    connect(trunk, inputs) {
      let latest = inputs;
      const shared = trunk.slice(0, -1).map((stage) => {
        latest = applyShared(stage, latest);
        return latest;
      });
      const last = trunk[trunk.length - 1];
      const { name } = last;
      const own = applyOwnCopies(last, name, latest);
      const attended = [...own].map(([task, features]): [string, SymbolicTensor] => {
        const others = [...own].flatMap(([other, theirs]) => (other === task ? [] : [theirs]));
        const attention = new CrossTaskAttention({ name: `${task}/${name}/attention` });
        return [task, others.length === 0 ? features : addLayer(attention, [features, ...others])];
      });
      return featuresByTask([...shared, new Map(attended)]);
    },
  };
}

const PROJECTIONS = ['query', 'key', 'value', 'output'] as const;

/** x + softmax(x Q (o K)ᵀ / √channels) o V O, where x are a task's own features and o those of all others. */
class CrossTaskAttention extends tfl.layers.Layer {
  static readonly className = 'EspalierCrossTaskAttention';
  #kernels!: Readonly<Record<(typeof PROJECTIONS)[number], LayerWeight>>;

  override build(inputShape: Shapes): void {
    const channels = channelsOf(shapesOf(inputShape)[0], this.name);
    const [query, key, value, output] = PROJECTIONS.map((name) =>
      this.addWeight(name, [channels, channels], 'float32', tfl.initializers.glorotUniform({})),
    );
    this.#kernels = { query, key, value, output };
    this.built = true;
  }

  override computeOutputShape(inputShape: Shapes): Shapes {
    return shapesOf(inputShape)[0];
  }

  override call(inputs: Inputs): tf.Tensor {
    return tf.tidy(() => {
      const [own, ...others] = tensorsOf(inputs);
      const [batch] = own.shape;
      const channels = own.shape[own.rank - 1];
      const positions = (features: tf.Tensor) => tf.reshape(features, [batch, -1, channels]);
      const project = (features: tf.Tensor, kernel: LayerWeight) => {
        const flat = tf.matMul(tf.reshape(features, [-1, channels]), kernel.read() as tf.Tensor2D);
        return tf.reshape(flat, features.shape);
      };
      const asking = positions(own);
      const answering = tf.concat(others.map(positions), 1);
      const { query, key, value, output } = this.#kernels;
      const scores = tf.matMul(project(asking, query), project(answering, key), false, true);
      const weights = tf.softmax(tf.div(scores, Math.sqrt(channels)));
      const answer = project(tf.matMul(weights, project(answering, value)), output);
      return tf.add(own, tf.reshape(answer, own.shape));
    });
  }
}
tf.serialization.registerClass(CrossTaskAttention);
