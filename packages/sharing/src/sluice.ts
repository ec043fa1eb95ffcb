import { applyShared, describeShape, type Features, type Sharing, StageError } from '@espalier/core';
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { CopiesPenalty } from './copies-penalty.js';
import { checkFactor, checkShare } from './errors.js';
import {
  addLayer,
  channelsOf,
  type Inputs,
  type LayerArgs,
  type LayerWeight,
  type Shapes,
  shapesOf,
  tensorsOf,
} from './layer.js';
import { copyNames, ownTrunks } from './own-trunks.js';
import { shares, weightedSum, writeInitial } from './shares.js';

export interface SluiceOptions {
  /**
   * How much of its own subspaces a task begins with, and how much of its last stage, from 0 to 1; the others share the
   * rest. With 1 the tasks begin as separate networks.
   */
  readonly own?: number;
  /** The factor of the penalty that keeps a copy's two subspaces apart, one of the network's losses. */
  readonly orthogonality?: number;
}

/**
 * Sluice networks: a copy of the trunk a task, whose channels part into two subspaces, which the penalty keeps apart.
 * Behind every stage each of a task's subspaces goes on as a learned combination of all tasks' subspaces (α), and what
 * the task ends with is a learned combination of its stages (β).
 *
 * S. Ruder et al., "Latent Multi-Task Architecture Learning" (sluice networks), AAAI 2019, equations 1 to 4. β combines
 * those stages whose features have the shape of the last one's; the paper's all have. The penalty is on the kernels, of
 * which each half makes one subspace.
 *
 * @throws StageError when a stage's channels do not part into halves.
 */
export function sluice({ own = 0.9, orthogonality = 0.01 }: SluiceOptions = {}): Sharing {
  checkShare('own', own);
  checkFactor('orthogonality', orthogonality);
  return {
    kind: 'sluice',
    connect(trunk, inputs) {
      const copies = copyNames(trunk, inputs);
      const penalty = new OrthogonalSubspaces({ name: 'sluice', weight: orthogonality, copies });
      const features = ownTrunks(trunk, applyShared(penalty, inputs), (stage, latest) => {
        const all = [...latest.values()];
        return new Map(
          [...latest.keys()].map((task, index) => {
            const mix = new SubspaceMix({ name: `${task}/${stage}/sluice`, own, index });
            return [task, addLayer(mix, all)];
          }),
        );
      });
      return new Map([...features].map(([task, steps]) => [task, mixStages(task, steps, own)]));
    },
  };
}

/** The features, of which the last is combined with those before it that have its shape. */
function mixStages(task: string, features: Features, own: number): Features {
  const last = features[features.length - 1];
  const alike = features.filter(({ shape }) => describeShape(shape) === describeShape(last.shape));
  if (alike.length === 1) return features;
  const mix = new StageMix({ name: `${task}/sluice`, own });
  return [...features.slice(0, -1), addLayer(mix, alike)];
}

interface ShareConfig extends LayerArgs {
  readonly own: number;
}

interface SubspaceMixConfig extends ShareConfig {
  /** Which of the inputs is the task's own. */
  readonly index: number;
}

/** α: from all tasks' features, [batch, ..., channels], to one task's, each half a sum over all halves. */
class SubspaceMix extends tfl.layers.Layer {
  static readonly className = 'EspalierSubspaceMix';
  readonly #config: SubspaceMixConfig;
  #factors!: LayerWeight;

  constructor(config: SubspaceMixConfig) {
    super(config);
    this.#config = config;
  }

  override build(inputShape: Shapes): void {
    const shapes = shapesOf(inputShape);
    const channels = channelsOf(shapes[0], this.name);
    if (channels % 2 !== 0) {
      throw new StageError(
        this.name.split('/').slice(1, -1).join('/'),
        `has ${channels} channels; sluice networks part them into two halves. Give it an even number.`,
      );
    }
    const { own, index } = this.#config;
    const initial = [0, 1].map((half) => shares(2 * shapes.length, 2 * index + half, own));
    this.#factors = this.addWeight('alpha', [2, 2 * shapes.length], 'float32', tfl.initializers.zeros());
    writeInitial(this.#factors, initial);
    this.built = true;
  }

  override computeOutputShape(inputShape: Shapes): Shapes {
    return shapesOf(inputShape)[0];
  }

  override call(inputs: Inputs): tf.Tensor {
    return tf.tidy(() => {
      const subspaces = tensorsOf(inputs).flatMap((features) => tf.split(features, 2, features.rank - 1));
      const mixed = tf.unstack(this.#factors.read()).map((factors) => weightedSum(subspaces, factors));
      return tf.concat(mixed, subspaces[0].rank - 1);
    });
  }

  override getConfig(): tf.serialization.ConfigDict {
    const { own, index } = this.#config;
    return { ...super.getConfig(), own, index };
  }
}
tf.serialization.registerClass(SubspaceMix);

/** β: from a task's features of several stages to their weighted sum, of which the last stage is most at first. */
class StageMix extends tfl.layers.Layer {
  static readonly className = 'EspalierStageMix';
  readonly #own: number;
  #factors!: LayerWeight;

  constructor(config: ShareConfig) {
    super(config);
    this.#own = config.own;
  }

  override build(inputShape: Shapes): void {
    const stages = shapesOf(inputShape).length;
    this.#factors = this.addWeight('beta', [stages], 'float32', tfl.initializers.zeros());
    writeInitial(this.#factors, shares(stages, stages - 1, this.#own));
    this.built = true;
  }

  override computeOutputShape(inputShape: Shapes): Shapes {
    return shapesOf(inputShape)[0];
  }

  override call(inputs: Inputs): tf.Tensor {
    return tf.tidy(() => weightedSum(tensorsOf(inputs), this.#factors.read()));
  }

  override getConfig(): tf.serialization.ConfigDict {
    return { ...super.getConfig(), own: this.#own };
  }
}
tf.serialization.registerClass(StageMix);

/** Σ ‖G₁ᵀ G₂‖² over all copies' kernels, where the two halves of a kernel's outputs are G₁ and G₂. */
class OrthogonalSubspaces extends CopiesPenalty {
  static readonly className = 'EspalierOrthogonalSubspaces';

  protected override penalty(stages: readonly (readonly tfl.layers.Layer[])[]): tf.Tensor | undefined {
    const products = stages.flat().flatMap((copy) => {
      const channels = channelsOf(copy.outputShape as (number | null)[], copy.name);
      return copy.trainableWeights.flatMap((weight) => {
        const { shape } = weight;
        const outputs = shape[shape.length - 1] ?? 0;
        // A kernel makes its channels one or several times, as an LSTM's makes four gates.
        if (shape.length < 2 || outputs % channels !== 0) return [];
        const [first, second] = tf.split(tf.reshape(weight.read(), [-1, channels]), 2, 1);
        return [tf.sum(tf.square(tf.matMul(first, second, true)))];
      });
    });
    return products.length === 0 ? undefined : tf.addN(products);
  }
}
tf.serialization.registerClass(OrthogonalSubspaces);
