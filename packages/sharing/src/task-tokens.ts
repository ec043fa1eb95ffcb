import type { Sharing } from '@espalier/core';
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { Attention } from './attention.js';
import type { CrossTaskPlace } from './cross-task-attention.js';
import { checkCount } from './errors.js';
import {
  addLayer,
  channelsOf,
  type Inputs,
  type LayerArgs,
  type LayerWeight,
  type Shape,
  type Shapes,
  shapesOf,
  tensorsOf,
} from './layer.js';
import { exchangeFrom } from './own-trunks.js';

export interface TaskTokensOptions extends CrossTaskPlace {
  /** How many tokens each task has, from 2: to attend to a single one is no choice. */
  readonly tokens: number;
}

/**
 * Task tokens: the tasks share the first stages; of the others each has a copy, and behind each of these the tasks
 * exchange what they know through a few learned tokens. A task's tokens attend to its features and each other, then to the other tasks'
 * tokens, and then the features attend to the tokens. It costs as many scores as there are positions times tokens, where
 * `crossTaskAttention` takes positions times positions.
 *
 * After the task queries of Y. Xu et al., "Multi-Task Learning With Multi-Query Transformer for Dense Prediction", IEEE
 * TCSVT 2023: the three attentions are its cross-task query attention and shared decoder, with one head and without the
 * feed-forward layers.
 *
 * @throws StageError when the trunk has no stage of that name.
 */
export function taskTokens({ tokens, from }: TaskTokensOptions): Sharing {
  checkCount('tokens', tokens, 2);
  return {
    kind: `task-tokens(${JSON.stringify({ tokens, from })})`,
    connect: (trunk, inputs) =>
      exchangeFrom(trunk, inputs, from, (stage, own) => {
        const attend = (name: string, inputs: readonly tfl.SymbolicTensor[]) =>
          inputs.length === 1 ? inputs[0] : addLayer(new Attention({ name }), inputs);
        const asking = [...own].map(([task, features]) => {
          const learned = addLayer(new Tokens({ name: `${task}/${stage}/tokens`, tokens }), features);
          return attend(`${task}/${stage}/gather`, [learned, features, learned]);
        });
        const answered = [...own].map(([task, features], index): [string, tfl.SymbolicTensor] => {
          const others = asking.filter((_, other) => other !== index);
          const told = attend(`${task}/${stage}/exchange`, [asking[index], ...others]);
          return [task, attend(`${task}/${stage}/read`, [features, told])];
        });
        return new Map(answered);
      }),
  };
}

interface TokensConfig extends LayerArgs {
  readonly tokens: number;
}

/** The same learned tokens for every example of the features: [batch, ..., channels] to [batch, tokens, channels]. */
class Tokens extends tfl.layers.Layer {
  static readonly className = 'EspalierTokens';
  readonly #count: number;
  #tokens!: LayerWeight;

  constructor(config: TokensConfig) {
    super(config);
    this.#count = config.tokens;
  }

  override build(inputShape: Shapes): void {
    const channels = channelsOf(shapesOf(inputShape)[0], this.name);
    const initializer = tfl.initializers.truncatedNormal({ stddev: 0.02 });
    this.#tokens = this.addWeight('tokens', [this.#count, channels], 'float32', initializer);
    this.built = true;
  }

  override computeOutputShape(inputShape: Shapes): Shape {
    const shape = shapesOf(inputShape)[0];
    return [shape[0], this.#count, shape[shape.length - 1]];
  }

  override call(inputs: Inputs): tf.Tensor {
    return tf.tidy(() => tf.tile(tf.expandDims(this.#tokens.read()), [tensorsOf(inputs)[0].shape[0], 1, 1]));
  }

  override getConfig(): tf.serialization.ConfigDict {
    return { ...super.getConfig(), tokens: this.#count };
  }
}
tf.serialization.registerClass(Tokens);
