import { applyShared, Block, type ByTask, type Sharing, type Stage, StageError } from '@espalier/core';
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { featuresByTask } from './by-task.js';
import { checkCount, SharingError } from './errors.js';
import { addLayer, type Inputs, type LayerArgs, type LayerWeight, type Shape } from './layer.js';

export interface LowRankAdaptersOptions {
  /** r: the rank of what a task adds to a weight. */
  readonly rank: number;
  /** α: what is added is scaled by α / r. The same as the rank unless given. */
  readonly alpha?: number;
}

/**
 * LoRA a task: all tasks share the trunk, which may be pretrained and frozen, and to every kernel inside its layers each
 * task adds a product of two thin matrices of its own. It begins at zero, so that the tasks begin with hard sharing.
 *
 * E. Hu et al., "LoRA: Low-Rank Adaptation of Large Language Models", ICLR 2022, section 4.1. Every weight of rank 2 or
 * more is adapted, whatever layer it is in; of a convolution's kernel, its outputs are the columns and all else the rows.
 * Freeze the stages (`trainable: false`) to train the adapters alone, as the paper does.
 */
export function lowRankAdapters({ rank, alpha = rank }: LowRankAdaptersOptions): Sharing {
  checkCount('rank', rank, 1);
  if (!(Number.isFinite(alpha) && alpha > 0)) {
    throw new SharingError(`\`alpha\` is ${alpha}; it has to be a finite number above 0.`);
  }
  return {
    kind: `low-rank-adapters(${JSON.stringify({ rank, alpha })})`,
    connect(trunk, inputs) {
      let latest = inputs;
      const steps = trunk.map((stage): ByTask => {
        const { name, trainable } = stage;
        const shared = new SharedStage([stage], { name, trainable });
        latest = new Map(
          [...applyShared(shared, latest)].map(([task, features]) => {
            const adapted = new AdaptedStage({
              name: `${task}/${name}/lora`,
              rank,
              scale: alpha / rank,
              kernels: kernelsOf(stage).map(({ shape }) => shape as number[]),
              features: stage.computeOutputShape(features.shape) as Shape,
            });
            return [task, addLayer(adapted, features)];
          }),
        );
        return latest;
      });
      return featuresByTask(steps);
    },
  };
}

function kernelsOf(stage: Stage): LayerWeight[] {
  return stage.weights.filter(({ shape }) => shape.length > 1);
}

/** Holds a stage's weights for the tasks that run it adapted, and passes features on as they are. */
class SharedStage extends Block {
  static override readonly className = 'EspalierSharedStage';

  override computeOutputShape(inputShape: Parameters<Block['computeOutputShape']>[0]) {
    return inputShape;
  }

  override call(inputs: Inputs): Inputs {
    return inputs;
  }
}
tf.serialization.registerClass(SharedStage);

interface AdaptedStageConfig extends LayerArgs {
  readonly rank: number;
  readonly scale: number;
  /** The shapes of the kernels, in the order of the stage's weights. */
  readonly kernels: readonly (readonly number[])[];
  /** The shape of the features that the stage gives, with the batch. */
  readonly features: Shape;
}

/** The stage that the layer before it holds, run with W + α/r · A B in place of every kernel W. */
class AdaptedStage extends tfl.layers.Layer {
  static readonly className = 'EspalierAdaptedStage';
  readonly #config: AdaptedStageConfig;
  #factors: readonly (readonly [down: LayerWeight, up: LayerWeight])[] = [];

  constructor(config: AdaptedStageConfig) {
    super(config);
    this.#config = config;
  }

  override build(): void {
    const { kernels, rank } = this.#config;
    this.#factors = kernels.map((shape, index) => {
      const outputs = shape[shape.length - 1];
      const rows = shape.slice(0, -1).reduce((product, size) => product * size, 1);
      const normal = tfl.initializers.randomNormal({ stddev: 1 / Math.sqrt(rows) });
      return [
        this.addWeight(`down${index}`, [rows, rank], 'float32', normal),
        this.addWeight(`up${index}`, [rank, outputs], 'float32', tfl.initializers.zeros()),
      ];
    });
    this.built = true;
  }

  override computeOutputShape(): Shape {
    return [...this.#config.features];
  }

  override call(inputs: Inputs, kwargs: Parameters<tfl.layers.Layer['call']>[1]): tf.Tensor | tf.Tensor[] {
    return tf.tidy(() => {
      const stage = this.#stage();
      const kernels = kernelsOf(stage);
      const adapted = kernels.map((kernel, index) => {
        const [down, up] = this.#factors[index];
        const added = tf.matMul(down.read() as tf.Tensor2D, up.read() as tf.Tensor2D);
        const value = kernel.read();
        return tf.add(value, tf.reshape(tf.mul(added, this.#config.scale), value.shape));
      });
      return withValues(kernels, adapted, () => stage.call(inputs, kwargs));
    });
  }

  override getConfig(): tf.serialization.ConfigDict {
    const { rank, scale, kernels, features } = this.#config;
    return {
      ...super.getConfig(),
      rank,
      scale,
      kernels: kernels.map((shape) => [...shape]),
      features: [...features],
    };
  }

  #stage(): Stage {
    const [before] = this.inboundNodes[0].inboundLayers;
    if (before instanceof SharedStage) return before.layers[0];
    throw new StageError(this.name, `follows ${before.name}, which does not hold the stage that it adapts.`);
  }
}
tf.serialization.registerClass(AdaptedStage);

/** Runs a layer whose weights read as these values: a layer asks its weights for their value whenever it is called. */
function withValues<T>(weights: readonly LayerWeight[], values: readonly tf.Tensor[], run: () => T): T {
  for (const [index, weight] of weights.entries()) weight.read = () => values[index];
  try {
    return run();
  } finally {
    // What the class says is behind what was put before it.
    for (const weight of weights) Reflect.deleteProperty(weight, 'read');
  }
}
