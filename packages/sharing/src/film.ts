import type { Sharing } from '@espalier/core';
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { adaptedTrunk } from './adapted-trunk.js';
import {
  addLayer,
  channelsOf,
  type Inputs,
  type LayerWeight,
  type Shapes,
  shapesOf,
  tensorsOf,
} from './layer.js';

/**
 * FiLM, feature-wise linear modulation by task: all tasks share the trunk, and behind every stage each task scales and
 * shifts the channels by factors of its own. They begin at 1 and 0, so that the tasks begin with hard sharing.
 *
 * E. Perez et al., "FiLM: Visual Reasoning with a General Conditioning Layer", AAAI 2018, section 2.1, where the
 * condition is the task: then the generator of factors is a table with one entry a task.
 */
export function film(): Sharing {
  return {
    kind: 'film',
    connect: (trunk, inputs) =>
      adaptedTrunk(trunk, inputs, (prefix, features) =>
        addLayer(new Film({ name: `${prefix}/film` }), features),
      ),
  };
}

/** γ x + β, one of each for every channel. */
class Film extends tfl.layers.Layer {
  static readonly className = 'EspalierFilm';
  #scale!: LayerWeight;
  #shift!: LayerWeight;

  override build(inputShape: Shapes): void {
    const channels = channelsOf(shapesOf(inputShape)[0], this.name);
    this.#scale = this.addWeight('scale', [channels], 'float32', tfl.initializers.ones());
    this.#shift = this.addWeight('shift', [channels], 'float32', tfl.initializers.zeros());
    this.built = true;
  }

  override call(inputs: Inputs): tf.Tensor {
    return tf.tidy(() => tf.add(tf.mul(tensorsOf(inputs)[0], this.#scale.read()), this.#shift.read()));
  }
}
tf.serialization.registerClass(Film);
