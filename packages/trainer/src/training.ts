import { type Batch, type Heads, type InputKind, type MultiTaskModel, withRandom } from '@espalier/core';
import { type NamedTensors, overWorkers, type Program, program } from '@espalier/engine';
import * as tf from '@tensorflow/tfjs-core';
import { type Part, partsOf } from './batch-tensors.js';
import type { SavedTensor, TrainingSnapshot } from './checkpoints/checkpoint.js';
import { differences } from './checkpoints/differences.js';
import { type ClusterOptions, checkClusterOptions, computesAhead } from './cluster-options.js';
import { type Combination, type CombinationState, initCombination } from './combination.js';
import { TrainerError } from './errors.js';
import { ForwardPass } from './forward-pass.js';
import { jointGradients } from './joint-gradients.js';
import { averageWeights } from './optimizers/average-weights.js';
import type { Optimizer, OptimizerState } from './optimizers/optimizer.js';
import { named } from './optimizers/slots.js';
import { randomAt } from './samplers/seeds.js';
import { taskGradients } from './task-gradients.js';
import { readLosses } from './task-numbers.js';
import { lendOutputs, outputsEntry, TracedOutputs } from './traced-outputs.js';
import { type TrainedWeight, trainedWeights } from './trained-weights.js';
import type { GradientSource, StepLosses, Update, UpdateEntries } from './update.js';

export interface TrainingOptions extends Combination, ClusterOptions {
  readonly optimizer: Optimizer;
  /** The seed of layers that draw at random, such as dropout, and of methods that draw. */
  readonly seed: number;
  /**
   * Whether steps run as graphs. Unless given: where native TensorFlow is the engine. Without, the same code runs
   * operation by operation.
   */
  readonly traced?: boolean | undefined;
  /**
   * Keeps a running mean of the weights, which remembers this much from step to step (0.999, say): the model is
   * evaluated with it, and has it in the end. See `averageWeights`.
   */
  readonly averageWeights?: number | undefined;
}

export interface StepOptions {
  readonly learningRate: number;
  /** Counted from 1. */
  readonly step: number;
  /** Counted from 1. */
  readonly epoch: number;
  /**
   * Called once, while the gradients are computed or, where steps are not traced, before: for what needs nothing of this
   * step. Of a step that has nothing to learn from, it is not called.
   */
  readonly meanwhile?: (() => void) | undefined;
}

/** What one step found. */
export interface StepResult<H extends Heads> {
  /** Before the update. */
  readonly losses: StepLosses<H>;
  /** What the losses were multiplied by. */
  readonly weights: StepLosses<H>;
  /**
   * Inner products of the gradients of the losses with respect to the shared weights, one row a task in the model's
   * order, `undefined` for a task without a label; only where a method looks at them.
   */
  readonly gramian?: Update['gramian'];
}

type Step = (inputs: NamedTensors) => NamedTensors;
type StepProgram = Program<{
  outputs: Step;
  losses: Step;
  begin: Step;
  gradients: Step;
  compare: Step;
  apply: Step;
}>;

/**
 * A model in training: losses, gradients, their combination and the optimizer, step by step. On native TensorFlow the
 * steps are graphs and the weights live in their session: call `sync` before the model is used for anything else.
 *
 * Dispose of it in the end; the model has its trained weights then.
 */
export class Training<H extends Heads, I extends InputKind = 'common'> {
  /** What weighting and aggregator remember. */
  state: CombinationState;
  private readonly optimizer: OptimizerState;
  private readonly averaging: OptimizerState | undefined;
  private forward: ForwardPass<H, I>;
  private source: GradientSource;
  private program!: StepProgram;
  private outputs!: TracedOutputs<H, I>;

  /**
   * @param weights those that learn at some time, where layers begin to learn later: see `refresh`.
   * @throws TrainerError when the trainer cannot give the aggregator what it works on, or the options of a cluster
   *   contradict each other.
   */
  constructor(
    private readonly model: MultiTaskModel<H, I>,
    private readonly options: TrainingOptions,
    private readonly weights: readonly TrainedWeight[] = trainedWeights(model),
  ) {
    checkClusterOptions(options);
    const { cluster, weighting } = options;
    if (cluster !== undefined && weighting.afterUpdate !== undefined) {
      throw new TrainerError(
        `The weighting ${weighting.name} looks at the losses again after the update: on a cluster, a step that a lost ` +
          'worker broke off could not be repeated. Choose another one.',
      );
    }
    this.state = initCombination(options, model.tasks.length);
    const variables = new Map(weights.map(({ name, variable }) => [name, variable]));
    this.optimizer = options.optimizer.init(variables);
    this.averaging =
      options.averageWeights === undefined
        ? undefined
        : averageWeights(options.averageWeights).init(variables);
    ({ forward: this.forward, source: this.source } = this.connect());
    this.compile();
  }

  /**
   * One update, by the gradients of one batch, or of several one after another: these take the memory of one, and give
   * the update of one batch of all their examples, except that batch normalization and dropout see each alone. The
   * batches stay the caller's.
   *
   * @throws NonFiniteLossError before anything is changed.
   */
  step(batches: Batch<H, I> | readonly Batch<H, I>[], at: StepOptions): StepResult<H> {
    return this.stepOn(() => partsOf(this.model, 'targets' in batches ? [batches] : batches), at);
  }

  /**
   * One update by batches that are inputs of a program already.
   *
   * @throws NonFiniteLossError before anything is changed.
   */
  stepOn(of: () => readonly Part[], { learningRate, step, epoch, meanwhile }: StepOptions): StepResult<H> {
    const { model, options, source } = this;
    let update: Update | undefined;
    tf.tidy(() => {
      const parts = of();
      if (parts.length === 0) return;
      this.prepare(parts);
      const entries = this.entriesAt(step, meanwhile);
      update = source.decide(entries, parts, this.state, {
        step,
        epoch,
        random: randomAt(options.seed, step, 1),
      });
      this.program.entries.apply({ ...update.inputs, learningRate: tf.scalar(learningRate) });
      const { afterUpdate } = options.weighting;
      this.state =
        afterUpdate === undefined
          ? update.state
          : {
              ...update.state,
              weighting: afterUpdate(update.state.weighting, readLosses(model, parts, entries.losses, step)),
            };
    });
    if (update === undefined) return { losses: {}, weights: {} };
    const { losses, weights, gramian } = update;
    return {
      losses: byName(model, losses),
      weights: byName(model, weights),
      ...(gramian !== undefined && { gramian }),
    };
  }

  /**
   * Has the workers of a cluster compute the gradients of a part, by the weights as they are now. A `stepOn` of it, or of
   * a part that several workers have computed so, then takes those.
   *
   * @throws ClusterFault where a worker is lost meanwhile.
   */
  async ahead(part: Part, { step }: Pick<StepOptions, 'step'>): Promise<void> {
    this.prepare([part]);
    await this.drawing(step, part, () => this.program.ahead('gradients', part.tensors));
  }

  /** Whether steps are graphs. */
  get traced(): boolean {
    return this.program.traced;
  }

  /** Brings the model's weights up to date. */
  sync(): void {
    this.program.sync();
  }

  /** Takes notice of layers that have begun or ceased to learn. What the optimizer remembers of them stays. */
  refresh(): void {
    this.program.dispose();
    this.forward.dispose();
    this.source.dispose();
    ({ forward: this.forward, source: this.source } = this.connect());
    this.compile();
  }

  /** Gives the model, up to date and with averaged weights where there are, to somebody for a while. */
  async lend<T>(use: () => T | Promise<T>): Promise<T> {
    this.sync();
    const { weights } = this.model;
    const raw = [...this.averages.keys()].map((name) => tf.clone(weights.get(name)!));
    this.takeAverages();
    try {
      return await lendOutputs(this.model, this.outputs, async () => use());
    } finally {
      for (const [index, name] of [...this.averages.keys()].entries()) weights.get(name)!.assign(raw[index]);
      tf.dispose(raw);
    }
  }

  /** Everything as it is now, to go on from; further steps do not change it. */
  snapshot(): TrainingSnapshot {
    const remembered = [...this.remembered()];
    const values = this.program.peek(remembered.map(([, variable]) => variable));
    const tensors = remembered.map(([name, { shape }], index): [string, SavedTensor] => [
      name,
      { shape, values: values[index] as Float32Array },
    ]);
    return { ...this.description, tensors: new Map(tensors), combination: this.state };
  }

  /**
   * Goes on from a snapshot.
   *
   * @throws TrainerError when it belongs to another model or optimizer; what differs is listed, and nothing is changed.
   */
  restore(saved: TrainingSnapshot): void {
    const variables = this.remembered();
    const found = differences(saved, { ...this.description, tensors: variables });
    if (found !== '') throw new TrainerError(`The checkpoint belongs to another training: ${found}.`);
    for (const [name, variable] of variables) {
      const { values } = saved.tensors.get(name)!;
      tf.tidy(() => variable.assign(tf.tensor(values, variable.shape)));
    }
    this.state = saved.combination;
  }

  /** Frees what belongs to the training, and leaves the model with its trained weights. */
  dispose(): void {
    this.program.dispose();
    this.takeAverages();
    this.forward.dispose();
    this.source.dispose();
    tf.dispose([...this.optimizer.slots.values(), ...this.averages.values()]);
  }

  /** What computes the gradients of the weights that learn now. */
  private connect(): { readonly forward: ForwardPass<H, I>; readonly source: GradientSource } {
    const { model, options } = this;
    const learning = new Set(model.variables);
    const weights = this.weights.filter(({ variable }) => learning.has(variable));
    const forward = new ForwardPass(model);
    // A sum of losses could not be put together from workers of which it is not known yet which of them count.
    const byTask =
      options.aggregator !== undefined || options.weighting.needs === 'gramian' || computesAhead(options);
    const source = byTask
      ? taskGradients(model, weights, forward, options)
      : jointGradients(model, weights, forward, options.weighting);
    return { forward, source };
  }

  private compile(): void {
    const { model, options, forward, source, optimizer, averaging } = this;
    this.program = program({
      state: [
        ...model.weights.values(),
        forward.state,
        ...source.state,
        ...optimizer.slots.values(),
        ...this.averages.values(),
      ],
      entries: {
        outputs: outputsEntry(model),
        losses: (inputs: NamedTensors) => ({ losses: overWorkers(tf.stack(forward.run(inputs).losses)) }),
        begin: () => {
          source.begin();
          forward.begin();
          return {};
        },
        gradients: (inputs: NamedTensors) => source.gradients(inputs),
        compare: () => source.compare(),
        apply: (inputs: NamedTensors) => {
          optimizer.update(source.gradientsOf(inputs), { learningRate: inputs.learningRate as tf.Scalar });
          averaging?.update(new Map(), { learningRate: inputs.learningRate as tf.Scalar });
          forward.keepStatistics();
          return {};
        },
      },
      ...(options.traced !== undefined && { traced: options.traced }),
      cluster: options.cluster,
    });
    this.outputs = new TracedOutputs(model, this.program.entries.outputs, this.program.traced);
  }

  private prepare(parts: readonly Part[]): void {
    // Each is looked at, hence no `some`.
    const grown = parts.filter(({ tensors }) => this.forward.prepare(tensors));
    if (grown.length === 0) return;
    this.program.dispose();
    this.compile();
  }

  private entriesAt(step: number, meanwhile: StepOptions['meanwhile']): UpdateEntries {
    const { losses, begin, gradients, compare } = this.program.entries;
    const drawing =
      (entry: Step) =>
      (part: Part, inputs: NamedTensors = {}) =>
        this.drawing(step, part, () => entry({ ...part.tensors, ...inputs }));
    let work = meanwhile;
    return {
      losses: drawing(losses),
      begin: () => begin({}),
      gradients: drawing((inputs) => {
        const own = work;
        work = undefined;
        return own === undefined ? gradients(inputs) : this.program.overlap('gradients', own, inputs);
      }),
      compare: () => compare({}),
    };
  }

  /** Every pass of a step draws the same: the second look of a weighting is at the network of the first. */
  private drawing<R>(step: number, { stream }: Part, run: () => R): R {
    return withRandom(randomAt(this.options.seed, step, 0, ...stream), run);
  }

  private get averages(): ReadonlyMap<string, tf.Variable> {
    return this.averaging?.slots ?? new Map();
  }

  private takeAverages(): void {
    const { weights } = this.model;
    for (const [name, average] of this.averages) weights.get(name)!.assign(average);
  }

  private get description() {
    const { weighting, aggregator } = this.options;
    return {
      architecture: this.model.architecture,
      weighting: weighting.name,
      aggregator: aggregator?.name ?? 'none',
    };
  }

  private remembered(): Map<string, tf.Variable> {
    return new Map([
      ...named('weights', this.model.weights),
      ...named('optimizer', this.optimizer.slots),
      ...named('average', this.averages),
    ]);
  }
}

function byName<H extends Heads, I extends InputKind>(
  model: MultiTaskModel<H, I>,
  numbers: readonly (number | undefined)[],
): StepLosses<H> {
  const known = model.tasks.flatMap(({ name }, task) =>
    numbers[task] === undefined ? [] : [[name, numbers[task]]],
  );
  return Object.fromEntries(known) as StepLosses<H>;
}
