import type { ByTask, Heads, MultiTaskModel, Sharing } from '@espalier/core';
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { applyCopies } from './apply-copies.js';
import { featuresByTask } from './by-task.js';
import { SharingError } from './errors.js';
import {
  addLayer,
  type Inputs,
  type LayerArgs,
  type LayerWeight,
  type Shapes,
  shapesOf,
  tensorsOf,
} from './layer.js';
import { weightedSum } from './shares.js';

export interface LearnedBranchesOptions {
  /** τ: how soft the choices are that are drawn in training; near 0 each is nearly one block. */
  readonly temperature?: number;
}

/**
 * LTB, learning to branch: every stage has a block, a copy, for each task, and each block chooses which block of the stage
 * before it goes on from, each task which block of the last stage. In training choices are drawn, as Gumbel softmax, so
 * that their chances are learned with the weights; in prediction the most likely one is taken. Blocks that several choose
 * are shared, and `chosenBranches` tells which.
 *
 * P. Guo et al., "Learning to Branch for Multi-Task Learning", ICML 2020, section 3. The paper lowers the temperature
 * during training; here it is fixed. A task's features of a stage before the last are those of the block of its own number.
 */
export function learnedBranches({ temperature = 1 }: LearnedBranchesOptions = {}): Sharing {
  if (!(Number.isFinite(temperature) && temperature > 0)) {
    throw new SharingError(`\`temperature\` is ${temperature}; it has to be a finite number above 0.`);
  }
  return {
    kind: 'learned-branches',
    connect(trunk, inputs) {
      const tasks = [...inputs.keys()];
      const choose = (name: string, blocks: readonly tfl.SymbolicTensor[]) =>
        blocks.length === 1
          ? blocks[0]
          : addLayer(new Choice({ name: `${name}/choice`, temperature }), blocks);
      let blocks: readonly tfl.SymbolicTensor[] = [];
      const steps = trunk.map((stage, index): ByTask => {
        const { name } = stage;
        const blockInputs = tasks.map((task, place): [string, ByTask] => {
          const block = `${name}/block${place}`;
          return [block, new Map([[task, index === 0 ? inputs.get(task)! : choose(block, blocks)]])];
        });
        blocks = applyCopies(stage, new Map(blockInputs)).flatMap((block) => [...block.values()]);
        return new Map(tasks.map((task, place) => [task, blocks[place]]));
      });
      const chosen = new Map(tasks.map((task) => [task, choose(task, blocks)]));
      return featuresByTask([...steps.slice(0, -1), chosen]);
    },
  };
}

/**
 * Which block each block and each task chooses, by the name of the one that chooses: `high/block0` or a task's name.
 *
 * @throws SharingError when the model has no choices.
 */
export async function chosenBranches<H extends Heads>({
  network,
  sharing,
}: MultiTaskModel<H>): Promise<ReadonlyMap<string, string>> {
  const choices = network.layers.filter((layer) => layer instanceof Choice);
  if (choices.length === 0) {
    throw new SharingError(`A model with the sharing "${sharing.kind}" has no learned branches.`);
  }
  const chosen = choices.map(async (choice): Promise<[string, string]> => {
    const logits = await choice.trainableWeights[0].read().data();
    const { inputTensors } = choice.inboundNodes[0];
    const best = logits.indexOf(Math.max(...logits));
    return [choice.name.replace(/\/choice$/, ''), inputTensors[best].sourceLayer.name];
  });
  return new Map(await Promise.all(chosen));
}

interface ChoiceConfig extends LayerArgs {
  readonly temperature: number;
}

/** One of several inputs: drawn in training, the most likely one otherwise. */
class Choice extends tfl.layers.Layer {
  static readonly className = 'EspalierChoice';
  readonly #temperature: number;
  #logits!: LayerWeight;

  constructor(config: ChoiceConfig) {
    super(config);
    this.#temperature = config.temperature;
  }

  override build(inputShape: Shapes): void {
    const inputs = shapesOf(inputShape).length;
    this.#logits = this.addWeight('logits', [inputs], 'float32', tfl.initializers.zeros());
    this.built = true;
  }

  override computeOutputShape(inputShape: Shapes): Shapes {
    return shapesOf(inputShape)[0];
  }

  override call(inputs: Inputs, kwargs: Parameters<tfl.layers.Layer['call']>[1]): tf.Tensor {
    return tf.tidy(() => {
      const logits = this.#logits.read();
      const chances = kwargs.training ? this.#drawn(logits) : tf.oneHot(tf.argMax(logits), logits.size);
      return weightedSum(tensorsOf(inputs), tf.cast(chances, 'float32'));
    });
  }

  override getConfig(): tf.serialization.ConfigDict {
    return { ...super.getConfig(), temperature: this.#temperature };
  }

  #drawn(logits: tf.Tensor): tf.Tensor {
    const uniform = tf.randomUniform(logits.shape, 1e-6, 1 - 1e-6);
    const gumbel = tf.neg(tf.log(tf.neg(tf.log(uniform))));
    return tf.softmax(tf.div(tf.add(logits, gumbel), this.#temperature));
  }
}
tf.serialization.registerClass(Choice);
