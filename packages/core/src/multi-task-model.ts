import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import './tensor-methods.js';
import { type Batch, type ExampleOf, type Target, target } from './batch.js';
import { EspalierError, InputError, StageError, TaskError } from './errors.js';
import type { Head, Heads, Labels, Predictions, Task, TaskName } from './head.js';
import { seededRandom, withRandom } from './random.js';
import type { Sharing } from './sharing.js';
import { describeShape, type Trunk } from './trunk.js';
import { asVariable, describeArchitecture, type ModelWeights, readWeights, writeWeights } from './weights.js';

/** What a multi-task network is composed of. */
export interface MultiTaskModelOptions<H extends Heads> {
  /**
   * The shape of one example's input, without the batch dimension. Where the first size is `null`, examples may differ
   * in it, as sentences do in length: a batch is as long as its longest example, with zeros behind the others.
   */
  readonly inputShape: InputShape;
  /** Makes the trunk. A function, so that its initial weights are drawn under the seed. */
  readonly trunk: () => Trunk;
  readonly sharing: Sharing;
  /** A head a task, by task name. */
  readonly heads: H;
  /** The seed of the initial weights. */
  readonly seed: number;
}

/** A shape without the batch dimension; `null` in the first place leaves the length open. */
export type InputShape = readonly (number | null)[];

/** The losses of one batch: a scalar for every task that has a label in it, and no entry for the others. */
export type TaskLosses<H extends Heads> = { readonly [T in TaskName<H>]?: tf.Scalar };

/**
 * One network that learns several tasks: trunk × sharing × heads.
 *
 * The model owns its weights; `dispose` frees them.
 */
export class MultiTaskModel<H extends Heads> {
  readonly inputShape: InputShape;
  readonly heads: H;
  readonly sharing: Sharing;
  /** The tasks, in the order in which `heads` names them. */
  readonly tasks: readonly Task<TaskName<H>>[];
  /** The network itself: one input, and one output a task in the order of `tasks`. */
  readonly network: tfl.LayersModel;
  readonly #outputShapes: ReadonlyMap<string, readonly (number | null)[]>;
  /** By length, then by task. Of a fixed input shape the length is 1. */
  readonly #targetShapes = new Map<number, ReadonlyMap<string, readonly number[]>>();

  /**
   * @throws TaskError when there is no head, a name cannot name layers, or a head cannot serve its features.
   * @throws StageError when the trunk is empty, two stages have one name, or stages do not chain.
   */
  constructor({ inputShape, trunk, sharing, heads, seed }: MultiTaskModelOptions<H>) {
    if (inputShape.some((size, place) => !(isSize(size) || (size === null && place === 0)))) {
      throw new InputError(
        `The input shape ${describeShape(inputShape, 'null')} is not made of whole numbers from 1; only its first may be null.`,
      );
    }
    this.inputShape = inputShape;
    this.heads = heads;
    this.sharing = sharing;
    this.tasks = tasksOf(heads);

    const input = tfl.input({ shape: [...inputShape] });
    const outputs = withRandom(seededRandom(seed), () => {
      const names = this.tasks.map(({ name }) => name);
      const features = sharing.connect(namedStages(trunk()), input, names);
      return this.tasks.map(({ name, head }) => {
        const own = features.get(name);
        if (own === undefined || own.length === 0) {
          throw new TaskError(name, `sharing strategy "${sharing.kind}" gave it no features.`);
        }
        return connectHead(head, own, name);
      });
    });
    this.network = tfl.model({ inputs: input, outputs });

    this.#outputShapes = new Map(
      this.tasks.map(({ name }, index) => [name, outputShape(name, outputs[index], inputShape)]),
    );
    this.#targetShapesAt(1);
  }

  /** The weights that training changes. */
  get variables(): tf.Variable[] {
    return this.network.trainableWeights.map((weight) => asVariable(weight));
  }

  /** Those of `variables` that a task's output depends on: its head's, and those of its way through the trunk. */
  variablesOf(task: TaskName<H>): tf.Variable[] {
    const index = this.tasks.findIndex(({ name }) => name === task);
    if (index < 0) throw new TaskError(task, 'the model has no such task.');
    const layers = layersBefore(this.network.outputs[index]);
    const own = new Set([...layers].flatMap((layer) => layer.trainableWeights.map(asVariable)));
    return this.variables.filter((variable) => own.has(variable));
  }

  /**
   * Makes a batch of examples: stacks their inputs and encodes their labels.
   *
   * @throws InputError when there is no example, or an input has the wrong size or a value that is not finite.
   * @throws TaskError when labels are missing, unknown or not learnable.
   */
  batch(examples: readonly ExampleOf<H>[]): Batch<H> {
    if (examples.length === 0) throw new InputError('A batch needs at least one example; this one has none.');
    for (const [index, { labels }] of examples.entries()) {
      this.#checkTasks(labels, `the labels of example ${index}`);
    }
    const inputs = this.stack(examples.map(({ input }) => input));
    try {
      const labels = examples.map((example) => example.labels);
      return { inputs, targets: this.#encode(labels, this.#lengthOf(inputs)) };
    } catch (error) {
      inputs.dispose();
      throw error;
    }
  }

  /**
   * Stacks the inputs of examples to [examples, ...input shape]; where the length is open, shorter ones are padded with
   * zeros at their end.
   *
   * @throws InputError when an input has the wrong size or a value that is not finite.
   */
  stack(inputs: readonly Float32Array[]): tf.Tensor {
    for (const [index, input] of inputs.entries()) this.#checkInput(input, index);
    const [first, ...rest] = this.inputShape;
    const longest = () => Math.max(1, ...inputs.map((input) => input.length / product(rest)));
    const shape = this.inputShape.length === 0 ? [] : [first ?? longest(), ...rest.map(Number)];
    const values = new Float32Array(inputs.length * product(shape));
    for (const [index, input] of inputs.entries()) values.set(input, index * product(shape));
    return tf.tensor(values, [inputs.length, ...shape]);
  }

  /**
   * The mean loss of every task over its labelled examples, each a scalar. Unlabelled examples change neither
   * the loss nor its gradient; a task without a label in the batch has no entry.
   *
   * @param training whether layers such as dropout and batch normalization work as in training.
   * @throws InputError, TaskError when the batch is not one of this model.
   */
  losses(batch: Batch<H>, { training }: { training: boolean }): TaskLosses<H> {
    this.#checkBatch(batch);
    return tf.tidy(() => {
      const outputs = this.#outputs(batch.inputs, training);
      const losses = this.tasks.flatMap(({ name, head }, index) => {
        const { values, mask, labelled } = batch.targets[name];
        if (labelled === 0) return [];
        return [[name, maskedMean(head.losses(outputs[index], values), mask, labelled)] as const];
      });
      return Object.fromEntries(losses) as TaskLosses<H>;
    });
  }

  /**
   * What the network says about inputs, [batch, ...input shape]. The inputs stay the caller's.
   *
   * @throws InputError when the inputs have another shape or hold values that are not finite.
   */
  async predict(inputs: tf.Tensor): Promise<Predictions<H>> {
    this.#checkInputs(inputs);
    const checksum = tf.tidy(() => tf.sum(tf.mul(tf.cast(inputs, 'float32'), 0)));
    const [zero] = await checksum.data();
    checksum.dispose();
    if (zero !== 0)
      throw new InputError('The inputs hold NaN or infinite values; a model takes finite ones.');

    const outputs = tf.tidy(() => this.#outputs(inputs, false));
    try {
      const predictions: [string, readonly unknown[]][] = [];
      for (const [index, { name, head }] of this.tasks.entries()) {
        predictions.push([name, await head.decode(outputs[index])]);
      }
      return Object.fromEntries(predictions) as Predictions<H>;
    } finally {
      tf.dispose(outputs);
    }
  }

  /** The number of weights, those that training does not change included. */
  countParams(): number {
    return this.network.countParams();
  }

  /** A copy of all weights, with a description of the architecture that they belong to. */
  exportWeights(): Promise<ModelWeights> {
    return readWeights(this.network, describeArchitecture(this));
  }

  /**
   * Replaces all weights.
   *
   * @throws WeightsError when they belong to another architecture; then no weight is changed.
   */
  importWeights(weights: ModelWeights): void {
    writeWeights(this.network, describeArchitecture(this), weights);
  }

  /** Frees the weights. */
  dispose(): void {
    for (const layer of this.network.layers) {
      // tfjs counts how often a layer is applied, and a network gives back one of these (of a model inside, which
      // counts itself too, two): a layer that is applied for every task would keep its weights.
      const given = layer instanceof tfl.LayersModel ? 2 : 1;
      for (let count = layer.inboundNodes.length; count > given; count--) layer.dispose();
    }
    this.network.dispose();
  }

  #outputs(inputs: tf.Tensor, training: boolean): tf.Tensor[] {
    const outputs = this.network.apply(inputs, { training });
    return (Array.isArray(outputs) ? outputs : [outputs]) as tf.Tensor[];
  }

  #context(task: string, length: number) {
    return { task, outputShape: (this.#outputShapes.get(task) ?? []).map((size) => size ?? length) };
  }

  /** How long the examples of a batch are; 1 where the input shape leaves nothing open. */
  #lengthOf(inputs: tf.Tensor): number {
    return this.inputShape[0] === null ? Number(inputs.shape[1]) : 1;
  }

  #targetShapesAt(length: number): ReadonlyMap<string, readonly number[]> {
    const known = this.#targetShapes.get(length);
    if (known !== undefined) return known;
    const shapes = new Map(
      this.tasks.map(({ name, head }) => {
        const unlabelled = head.encode([undefined], this.#context(name, length));
        unlabelled.dispose();
        return [name, unlabelled.shape.slice(1)];
      }),
    );
    this.#targetShapes.set(length, shapes);
    return shapes;
  }

  #encode(labels: readonly Labels<H>[], length: number): Batch<H>['targets'] {
    const targets: [string, Target][] = [];
    try {
      for (const { name, head } of this.tasks) {
        const own = labels.map((known) => known[name]);
        const values = head.encode(own, this.#context(name, length));
        if (values.shape[0] !== own.length) {
          values.dispose();
          throw new TaskError(
            name,
            `its head encodes ${own.length} labels as ${describeShape(values.shape)}; expected a row for each.`,
          );
        }
        targets.push([
          name,
          target(
            values,
            own.map((label) => label !== undefined),
          ),
        ]);
      }
    } catch (error) {
      for (const [, { values, mask }] of targets) tf.dispose([values, mask]);
      throw error;
    }
    return Object.fromEntries(targets) as Batch<H>['targets'];
  }

  #checkBatch({ inputs, targets }: Batch<H>): void {
    this.#checkInputs(inputs);
    this.#checkTasks(targets, 'the batch');
    const shapes = this.#targetShapesAt(this.#lengthOf(inputs));
    for (const { name } of this.tasks) {
      const { values, mask } = targets[name];
      const expected = [inputs.shape[0], ...(shapes.get(name) ?? [])];
      if (!tf.util.arraysEqual(values.shape, expected)) {
        throw new TaskError(
          name,
          `its target has shape ${describeShape(values.shape)}; expected ${describeShape(expected)}.`,
        );
      }
      if (!tf.util.arraysEqual(mask.shape, [inputs.shape[0]])) {
        throw new TaskError(
          name,
          `its mask has shape ${describeShape(mask.shape)}; expected one entry for each of ${inputs.shape[0]} examples.`,
        );
      }
    }
  }

  #checkTasks(byTask: object, where: string): void {
    const names = this.tasks.map(({ name }) => name);
    for (const name of Object.keys(byTask)) {
      if (!names.some((known) => known === name)) {
        throw new TaskError(name, `${where} names it, but the model's tasks are ${names.join(', ')}.`);
      }
    }
    for (const name of names) {
      if (!(name in byTask)) {
        throw new TaskError(
          name,
          `${where} lacks it; give its label or target (labels: undefined where unknown).`,
        );
      }
    }
  }

  #checkInput(input: Float32Array, index: number): void {
    const isOpen = this.inputShape[0] === null;
    const size = product(isOpen ? this.inputShape.slice(1) : this.inputShape);
    if (isOpen ? input.length === 0 || input.length % size !== 0 : input.length !== size) {
      throw new InputError(
        `The input of example ${index} has ${input.length} values; ${describeShape(this.inputShape, 'length')} holds ` +
          `${isOpen ? 'a multiple of ' : ''}${size}.`,
      );
    }
    const bad = input.findIndex((value) => !Number.isFinite(value));
    if (bad >= 0) {
      throw new InputError(
        `The input of example ${index} is ${input[bad]} at position ${bad}; expected finite values.`,
      );
    }
  }

  #checkInputs(inputs: tf.Tensor): void {
    const expected = this.inputShape.map((size, place) => size ?? inputs.shape[place + 1]);
    if (!tf.util.arraysEqual(inputs.shape.slice(1), expected) || inputs.size === 0) {
      const shape = ['batch', ...this.inputShape.map((size) => size ?? 'length')];
      throw new InputError(
        `The inputs have shape ${describeShape(inputs.shape)}; expected [${shape.join(', ')}].`,
      );
    }
  }
}

/** Composes a multi-task network of a trunk, a sharing strategy and heads. */
export function multiTaskModel<const H extends Heads>(options: MultiTaskModelOptions<H>): MultiTaskModel<H> {
  return new MultiTaskModel(options);
}

const LAYER_NAME = /^[A-Za-z0-9][-A-Za-z0-9_.]*$/;

function tasksOf<H extends Heads>(heads: H): Task<TaskName<H>>[] {
  const names = Object.keys(heads) as TaskName<H>[];
  if (names.length === 0) throw new EspalierError('A model needs at least one head; `heads` is empty.');
  for (const name of names) {
    if (!LAYER_NAME.test(name)) {
      throw new TaskError(
        name,
        'its name has to begin with a letter or digit and go on with those or one of - _ .',
      );
    }
  }
  return names.map((name) => ({ name, head: heads[name] }));
}

/** Gives stages that their author did not name the names stage0, stage1, …, which are the same in every process. */
function namedStages(trunk: Trunk): Trunk {
  const names = new Set<string>();
  for (const [index, stage] of trunk.entries()) {
    if (new RegExp(`_${stage.getClassName()}\\d+$`).test(stage.name)) stage.name = `stage${index}`;
    if (names.has(stage.name))
      throw new StageError(stage.name, 'two stages have this name; give each its own.');
    names.add(stage.name);
  }
  if (trunk.length === 0) throw new StageError('trunk', 'the trunk has no stages; give at least one.');
  return trunk;
}

function connectHead(
  head: Head<unknown, unknown>,
  features: Parameters<typeof head.connect>[0],
  task: string,
) {
  try {
    return head.connect(features, task);
  } catch (error) {
    if (error instanceof EspalierError) throw error;
    const shapes = features.map(({ shape }) => describeShape(shape)).join(', ');
    const reason = error instanceof Error ? error.message : String(error);
    throw new TaskError(task, `its ${head.kind} head does not fit features of shapes ${shapes}: ${reason}`, {
      cause: error,
    });
  }
}

/** The layers that an output depends on. A layer may be used on several ways, so it is the tensors that are followed. */
function layersBefore(output: tfl.SymbolicTensor): Set<tfl.layers.Layer> {
  const tensors = new Set([output]);
  for (const { inputs } of tensors) for (const input of inputs) tensors.add(input);
  return new Set([...tensors].map(({ sourceLayer }) => sourceLayer));
}

/** What is open in an output is as long as the input, which the trunk keeps. */
function outputShape(
  task: string,
  { shape: [, ...shape] }: tfl.SymbolicTensor,
  inputShape: InputShape,
): (number | null)[] {
  const open = shape.filter((size) => size === null).length;
  if (open <= (inputShape[0] === null ? 1 : 0)) return shape;
  const allowed = inputShape[0] === null ? 'the batch and one length' : 'the batch';
  throw new TaskError(
    task,
    `its output shape ${describeShape([null, ...shape], 'open')} is open in more than ${allowed}.`,
  );
}

function isSize(size: number | null): boolean {
  return Number.isInteger(size) && Number(size) >= 1;
}

function product(sizes: readonly (number | null)[]): number {
  return sizes.reduce<number>((result, size) => result * (size ?? 1), 1);
}

function maskedMean(losses: tf.Tensor1D, mask: tf.Tensor1D, labelled: number): tf.Scalar {
  if (labelled === mask.shape[0]) return tf.mean(losses);
  // A selection, not a product: whatever an unlabelled row gives, it must not reach the sum.
  const known = tf.where(tf.cast(mask, 'bool'), losses, tf.zerosLike(losses));
  return tf.div(tf.sum(known), labelled);
}
