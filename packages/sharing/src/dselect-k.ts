import type { Sharing } from '@espalier/core';
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { checkCount, checkFactor, SharingError } from './errors.js';
import { type ExpertPlace, Gate, type GateConfig, mixtureOfExperts, sharedExperts } from './experts.js';
import { addLayer, type Inputs, type LayerWeight, tensorsOf } from './layer.js';

export interface DSelectKOptions extends ExpertPlace {
  /** How many experts there are: a power of two from 2, so that a binary code names each. */
  readonly experts: number;
  /** k: each task ends with at most so many experts. */
  readonly select: number;
  /** λ: the factor of the entropy of the selections, one of the network's losses, which makes tasks decide. */
  readonly entropy?: number;
}

/**
 * A mixture of experts with a DSelect-k gate a task: k selectors, each a binary code that becomes exact in training and
 * then names one expert; a softmax weighs the k of them. Gates are the paper's static ones: a task's choice is the same
 * for all examples. With few experts chosen, the others need not be run for that task.
 *
 * H. Hazimeh et al., "DSelect-k: Differentiable Selection in the Mixture of Experts with Applications to Multi-Task
 * Learning", NeurIPS 2021, sections 2.2 and 2.3. A number of experts that is no power of two, for which the paper adds
 * another penalty, is not supported.
 */
export function dselectK({ experts, select, entropy = 0.01, from }: DSelectKOptions): Sharing {
  checkCount('experts', experts, 2);
  checkCount('select', select, 1);
  if (!Number.isInteger(Math.log2(experts))) {
    throw new SharingError(`\`experts\` is ${experts}; it has to be a power of two.`);
  }
  if (select > experts) throw new SharingError(`\`select\` is ${select}, but there are ${experts} experts.`);
  checkFactor('entropy', entropy);
  return {
    kind: `dselect-k(${JSON.stringify({ experts, select, from })})`,
    connect: (trunk, inputs) =>
      mixtureOfExperts(trunk, inputs, {
        from,
        experts: sharedExperts(experts),
        gateOf: (task, entry) =>
          addLayer(new DSelectKGate({ name: `${task}/gate`, experts, select, entropy }), entry),
      }),
  };
}

/** γ: a selector's bit is exactly 0 or 1 from half of this on either side of zero. */
const GAMMA = 1;

interface DSelectKGateConfig extends GateConfig {
  readonly select: number;
  readonly entropy: number;
}

/** q = Σᵢ softmax(α)ᵢ r(S(zᵢ)), the same for every example. */
class DSelectKGate extends Gate {
  static readonly className = 'EspalierDSelectKGate';
  readonly #select: number;
  readonly #entropy: number;
  /** z: for every selector the bits of its code before the smooth step. */
  #codes!: LayerWeight;
  /** α: how much each selector counts, if there are several. */
  #logits: LayerWeight | undefined;

  constructor(config: DSelectKGateConfig) {
    super(config);
    this.#select = config.select;
    this.#entropy = config.entropy;
  }

  override build(): void {
    const bits = Math.log2(this.experts);
    // As in the authors' code: codes that are near to undecided, but differ.
    const uniform = (limit: number) => tfl.initializers.randomUniform({ minval: -limit, maxval: limit });
    this.#codes = this.addWeight('codes', [this.#select, bits], 'float32', uniform(GAMMA / 100));
    if (this.#select > 1)
      this.#logits = this.addWeight('logits', [1, this.#select], 'float32', uniform(0.05));
    this.built = true;
  }

  override call(inputs: Inputs): tf.Tensor {
    return tf.tidy(() => {
      const selections = this.#selections();
      const weights =
        this.#logits === undefined
          ? selections
          : tf.matMul(tf.softmax(this.#logits.read() as tf.Tensor2D), selections);
      return tf.tile(weights, [tensorsOf(inputs)[0].shape[0], 1]);
    });
  }

  override calculateLosses(): tf.Scalar[] {
    if (this.#entropy === 0) return [];
    return tf.tidy(() => {
      const selections = this.#selections();
      const information = tf.mul(selections, tf.log(tf.add(selections, 1e-6)));
      return [tf.mul(tf.sum(information), -this.#entropy) as tf.Scalar];
    });
  }

  override getConfig(): tf.serialization.ConfigDict {
    return { ...super.getConfig(), select: this.#select, entropy: this.#entropy };
  }

  /** r(S(z)): how much each selector, [select, experts], counts each expert; the bits' product over its code. */
  #selections(): tf.Tensor2D {
    const ones = smoothStep(this.#codes.read());
    const bits = tf.split(ones, ones.shape[1]!, 1);
    const codes = Array.from({ length: this.experts }, (_, expert) => expert);
    return bits.reduce(
      (product: tf.Tensor, bit, place) => {
        const set = tf.tensor2d([codes.map((code) => (code >> place) & 1)]);
        // b where the code's bit is set, and 1 − b where it is not.
        return tf.mul(product, tf.add(tf.mul(bit, tf.sub(tf.mul(set, 2), 1)), tf.sub(1, set)));
      },
      tf.ones([1, this.experts]),
    ) as tf.Tensor2D;
  }
}
tf.serialization.registerClass(DSelectKGate);

/** S: 0 up to −γ/2, 1 from γ/2, and the cubic with a continuous derivative between. */
function smoothStep(values: tf.Tensor): tf.Tensor {
  const inside = tf.clipByValue(values, -GAMMA / 2, GAMMA / 2);
  const cubic = tf.mul(tf.mul(inside, tf.square(inside)), -2 / GAMMA ** 3);
  return tf.add(tf.add(cubic, tf.mul(inside, 3 / (2 * GAMMA))), 0.5);
}
