import { type Batch, disposeBatch, type MultiTaskModel, multiTaskModel, type Sharing } from '@espalier/core';
import { perTaskGradients } from '@espalier/engine';
import type { Aggregator, TaskState, Weighting } from '@espalier/losses';
import { combine, gramian } from '@espalier/losses/tensors';
import { classification } from '@espalier/vision-heads';
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import type { Point } from './problems.js';

export const TASKS = ['first', 'second'] as const;
const BATCH_SIZE = 64;

const heads = {
  first: classification({ classes: ['no', 'yes'] }),
  second: classification({ classes: ['no', 'yes'] }),
};
type PlaygroundHeads = typeof heads;

const trunk = () => [16, 16].map((units) => tfl.layers.dense({ units, activation: 'tanh' }));

/** What one step found. */
export interface StepResult {
  readonly losses: readonly [first: number, second: number];
  /** Of the tasks' gradients with respect to the weights that both use; undefined where they share none. */
  readonly cosine: number | undefined;
}

/** One network in training, with a loop of its own: what `@espalier/trainer` does elsewhere, and nothing more. */
export class Session {
  /** How the losses and gradients of a step become one; may be changed between steps. */
  private combiner!: { weighting: Weighting; aggregator: Aggregator | undefined };
  private state!: { weighting: TaskState; aggregator: TaskState | undefined };
  private readonly model: MultiTaskModel<PlaygroundHeads>;
  private readonly optimizer: tf.AdamOptimizer;
  /** Of every variable, which tasks use it. */
  private readonly users: readonly (readonly number[])[];
  private steps = 0;

  constructor(
    private readonly points: readonly Point[],
    sharing: Sharing,
    learningRate: number,
  ) {
    this.model = multiTaskModel({ inputShape: [2], trunk, sharing, heads, seed: 1 });
    this.optimizer = tf.train.adam(learningRate);
    const used = TASKS.map((task) => new Set(this.model.variablesOf(task)));
    this.users = this.model.variables.map((variable) => [0, 1].filter((task) => used[task].has(variable)));
  }

  get parameters(): number {
    return this.model.countParams();
  }

  set learningRate(rate: number) {
    // The optimizer keeps its moments: only its rate changes.
    Object.assign(this.optimizer, { learningRate: rate });
  }

  /** Another weighting or aggregator: the network goes on from where it is, what the method remembers begins anew. */
  combineWith(weighting: Weighting, aggregator: Aggregator | undefined): void {
    this.combiner = { weighting, aggregator };
    this.state = { weighting: weighting.init(2), aggregator: aggregator?.init(2) };
  }

  /** One update. It reads numbers asynchronously, so that WebGPU is not made to wait. */
  async step(): Promise<StepResult> {
    const { variables } = this.model;
    const batch = this.batch();
    const shared = (row: readonly tf.Tensor[]) => row.filter((_, index) => this.users[index].length > 1);
    const { losses, gradients } = perTaskGradients(() => {
      const byTask = this.model.losses(batch, { training: true });
      const penalties = this.model.network.calculateLosses();
      const tasks = TASKS.map((task) => byTask[task] as tf.Scalar);
      return penalties.length > 0 ? [...tasks, tf.addN(penalties) as tf.Scalar] : tasks;
    }, variables);
    const rows = gradients.slice(0, 2).map((row) => row as tf.Tensor[]);
    const products = tf.tidy(() => gramian(rows.map(shared)));
    try {
      const values = await tf.tidy(() => tf.stack(losses.slice(0, 2) as tf.Scalar[])).data();
      const [aa, ab, , bb] = await products.data();
      this.update(
        variables,
        rows,
        gradients[2] as tf.Tensor[] | undefined,
        [values[0], values[1]],
        [
          [aa, ab],
          [ab, bb],
        ],
      );
      this.steps += 1;
      const size = Math.sqrt(aa * bb);
      return { losses: [values[0], values[1]], cosine: size > 0 ? ab / size : undefined };
    } finally {
      tf.dispose([losses as tf.Tensor[], gradients.flat() as tf.Tensor[], products]);
      disposeBatch(batch);
    }
  }

  private update(
    variables: readonly tf.Variable[],
    rows: readonly (readonly tf.Tensor[])[],
    penalty: readonly tf.Tensor[] | undefined,
    losses: readonly [number, number],
    products: readonly (readonly number[])[],
  ): void {
    const { weighting, aggregator } = this.combiner;
    const weighed = weighting.step(this.state.weighting, losses, {
      step: this.steps,
      epoch: Math.floor((this.steps * BATCH_SIZE) / this.points.length),
      random: Math.random,
    });
    const scales = weighed.weights;
    const scaled = products.map((row, i) => row.map((value, j) => value * scales[i] * scales[j]));
    let joint: ArrayLike<number> = [1, 1];
    if (aggregator !== undefined && aggregator.needs !== 'jacobian' && this.state.aggregator !== undefined) {
      const step = aggregator.step(this.state.aggregator, scaled, { random: Math.random, losses });
      joint = step.weights;
      this.state = { weighting: weighed.state, aggregator: step.state };
    } else this.state = { ...this.state, weighting: weighed.state };

    tf.tidy(() => {
      const directions = combine(rows, [scales[0] * joint[0], scales[1] * joint[1]]);
      const named = variables.map((variable, index) => {
        const users = this.users[index];
        const own = users.length > 1 ? directions[index] : tf.mul(rows[users[0]][index], scales[users[0]]);
        return { name: variable.name, tensor: penalty === undefined ? own : tf.add(own, penalty[index]) };
      });
      this.optimizer.applyGradients(named);
    });
  }

  /** The share of points whose label is predicted, a task. */
  async accuracies(): Promise<readonly number[]> {
    const probabilities = await this.probabilities(this.points.map(({ x, y }) => Float32Array.of(x, y)));
    return TASKS.map((task, index) => {
      const right = this.points.filter(
        ({ labels }, at) => Number(probabilities[index][at] > 0.5) === labels[task],
      );
      return right.length / this.points.length;
    });
  }

  /** How sure the network is of `yes` at each place, a task. */
  async probabilities(places: readonly Float32Array[]): Promise<readonly Float32Array[]> {
    const outputs = tf.tidy(() => {
      const scores = this.model.network.predict(this.model.stack(places)) as tf.Tensor2D[];
      return scores.map((own) => tf.squeeze(tf.slice(tf.softmax(own), [0, 1], [-1, 1]), [1]));
    });
    try {
      return await Promise.all(outputs.map((output) => output.data<'float32'>()));
    } finally {
      tf.dispose(outputs);
    }
  }

  dispose(): void {
    this.model.dispose();
    this.optimizer.dispose();
  }

  private batch(): Batch<PlaygroundHeads> {
    const first = this.steps * BATCH_SIZE;
    const examples = Array.from({ length: BATCH_SIZE }, (_, offset) => {
      const { x, y, labels } = this.points[(first + offset) % this.points.length];
      return { input: Float32Array.of(x, y), labels };
    });
    return this.model.batch(examples);
  }
}
