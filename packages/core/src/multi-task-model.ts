import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import './tensor-methods.js';
import { type Batch, type ExampleOf, type Target, target } from './batch.js';
import type { BatchMemory } from './batch-memory.js';
import { EspalierError, InputError, messageOf, StageError, TaskError } from './errors.js';
import type { Features, Head, Heads, Labels, Pass, Predictions, Task, TaskName } from './head.js';
import { checkHead, describeValue, lossesOf, predictionsOf } from './head-contract.js';
import {
  checkInputs,
  checkTasks,
  type InputKind,
  type InputOf,
  type InputShape,
  lengthOf,
  OR_UNDEFINED,
  type PerInput,
  Ports,
  type Row,
  stackRows,
} from './inputs.js';
import { seededRandom, withRandom } from './random.js';
import type { Sharing } from './sharing.js';
import { describeShape, type Trunk } from './trunk.js';
import {
  type Architecture,
  asVariable,
  describeArchitecture,
  type ModelWeights,
  namedVariables,
  readWeights,
  writeWeights,
} from './weights.js';

/** What a multi-task network is composed of. */
export interface MultiTaskModelOptions<H extends Heads, I extends InputKind = 'common'> {
  /** The shape of one example's input, or one for each task, by its name. */
  readonly inputShape: PerInput<H, I, InputShape>;
  /** Makes the trunk. A function, so that its initial weights are drawn under the seed. */
  readonly trunk: () => Trunk;
  readonly sharing: Sharing;
  /** A head a task, by task name. */
  readonly heads: H;
  /** The seed of the initial weights. */
  readonly seed: number;
}

/** The losses of one batch: a scalar for every task that has a label in it, and no entry for the others. */
export type TaskLosses<H extends Heads> = { readonly [T in TaskName<H>]?: tf.Scalar };

/** The raw outputs of one batch: [rows, ...] for every task that has rows. */
export type Outputs<H extends Heads> = { readonly [T in TaskName<H>]?: tf.Tensor };

/** What some tasks need of the network, and the ports that it begins at. */
interface Part {
  readonly network: tfl.LayersModel;
  readonly ports: readonly number[];
}

/**
 * One network that learns several tasks: trunk × sharing × heads.
 *
 * The model owns its weights; `dispose` frees them.
 *
 * @typeParam I whether all tasks have one input in common, or each has its own.
 */
export class MultiTaskModel<H extends Heads, I extends InputKind = 'common'> {
  readonly inputShape: PerInput<H, I, InputShape>;
  readonly heads: H;
  readonly sharing: Sharing;
  /** The tasks, in the order in which `heads` names them. */
  readonly tasks: readonly Task<TaskName<H>>[];
  /** The names of the trunk's stages, in their order. */
  readonly stages: readonly string[];
  /** Every task's features: one tensor a stage. */
  readonly features: ReadonlyMap<TaskName<H>, Features>;
  /** The network itself: one input or one a task, and one output a task, both in the order of `tasks`. */
  readonly network: tfl.LayersModel;
  readonly #names: readonly TaskName<H>[];
  readonly #ports: Ports<H, I>;
  /** For every task the ports that its output depends on. */
  readonly #portsBehind: ReadonlyMap<TaskName<H>, readonly number[]>;
  /** The parts of the network for some of the tasks, by the tasks' names. */
  readonly #parts = new Map<string, Part>();
  readonly #outputShapes: ReadonlyMap<string, InputShape>;
  /** By task, then by length. Of a fixed input shape the length is 1. */
  readonly #targetShapes = new Map<string, Map<number, readonly number[]>>();

  /**
   * @throws TaskError when there is no head, a name cannot name layers, a head lacks a part, or cannot serve its features.
   * @throws StageError when the trunk is empty, two stages have one name, or stages do not chain.
   * @throws InputError when an input shape is not made of whole numbers from 1.
   */
  constructor({ inputShape, trunk, sharing, heads, seed }: MultiTaskModelOptions<H, I>) {
    this.inputShape = inputShape;
    this.heads = heads;
    this.sharing = sharing;
    this.tasks = tasksOf(heads);
    const names = this.tasks.map(({ name }) => name);
    this.#names = names;
    this.#ports = new Ports(inputShape, names);

    const inputs = this.#ports.all.map(({ shape }) => tfl.input({ shape: [...shape] }));
    const { stages, features, outputs } = withRandom(seededRandom(seed), () => {
      const stages = namedStages(trunk());
      // A strategy may rename stages: their names are theirs from before.
      const stageNames = stages.map(({ name }) => name);
      const connected = sharing.connect(
        stages,
        new Map(names.map((name) => [name, inputs[this.#ports.of(name)]])),
      );
      const features = new Map(names.map((name) => [name, featuresOf(name, connected, sharing)]));
      const outputs = this.tasks.map(({ name, head }) => connectHead(head, features.get(name)!, name));
      return { stages: stageNames, features, outputs };
    });
    this.stages = stages;
    this.features = features;
    this.network = tfl.model({ inputs, outputs });

    this.#portsBehind = new Map(
      names.map((name, index) => {
        const before = tensorsBefore(outputs[index]);
        return [name, inputs.flatMap((input, port) => (before.has(input) ? [port] : []))];
      }),
    );
    this.#outputShapes = new Map(
      names.map((name, index) => [name, outputShape(name, outputs[index], this.#shapeOf(name))]),
    );
    for (const name of names) this.#targetShape(name, 1);
  }

  /** Every weight by a name that is the same in every process: its layer's, and its own. */
  get weights(): ReadonlyMap<string, tf.Variable> {
    return namedVariables(this.network);
  }

  /** The weights that training changes. */
  get variables(): tf.Variable[] {
    return this.network.trainableWeights.map((weight) => asVariable(weight));
  }

  /** Those of `variables` that a task's output depends on: its head's, and those of its way through the trunk. */
  variablesOf(task: TaskName<H>): tf.Variable[] {
    const index = this.tasks.findIndex(({ name }) => name === task);
    if (index < 0) throw new TaskError(task, 'the model has no such task.');
    // A layer may be used on several ways, so it is the tensors that are followed.
    const layers = new Set(
      [...tensorsBefore(this.network.outputs[index])].map(({ sourceLayer }) => sourceLayer),
    );
    const own = new Set([...layers].flatMap((layer) => layer.trainableWeights.map(asVariable)));
    return this.variables.filter((variable) => own.has(variable));
  }

  /**
   * Makes a batch of examples: stacks their inputs and encodes their labels. Where each task has its own input, a
   * task's rows are the examples that have its input.
   *
   * @param memory where the inputs' values go; memory of their own unless given.
   * @throws InputError when there is no example, or an input is missing, has the wrong size or a value that is not
   *   finite.
   * @throws TaskError when labels are missing, unknown, not learnable, or there without their task's input.
   */
  batch(examples: readonly ExampleOf<H, I>[], memory?: BatchMemory): Batch<H, I> {
    if (examples.length === 0) throw new InputError('A batch needs at least one example; this one has none.');
    for (const [index, { labels }] of examples.entries()) {
      checkTasks(labels, this.#names, `the labels of example ${index}`, OR_UNDEFINED);
    }
    const rows = this.#rows(examples.map(({ input }) => input));
    this.#checkPresence(rows, examples);
    const inputs = this.#stack(rows, memory);
    try {
      const labels = rows.map((own) => own.map(([example]) => examples[example].labels));
      return { inputs, targets: this.#encode(labels, inputs) };
    } catch (error) {
      tf.dispose(inputs as tf.TensorContainer);
      throw error;
    }
  }

  /**
   * Stacks the inputs of examples to [examples, ...input shape]; where the length is open, shorter ones are padded with
   * zeros at their end. Where each task has its own input, there is one tensor a task, of the examples that have its
   * input.
   *
   * @throws InputError when an input is missing, has the wrong size or a value that is not finite.
   */
  stack(inputs: readonly InputOf<H, I>[]): PerInput<H, I, tf.Tensor> {
    return this.#stack(this.#rows(inputs));
  }

  /**
   * The mean loss of every task over its labelled examples, each a scalar. Unlabelled examples change neither
   * the loss nor its gradient; a task without a label in the batch has no entry.
   *
   * @param training whether layers such as dropout and batch normalization work as in training.
   * @throws InputError, TaskError when the batch is not one of this model.
   * @throws TaskError when a head gives something else than one loss an example.
   */
  losses(batch: Batch<H, I>, { training }: { training: boolean }): TaskLosses<H> {
    this.#checkBatch(batch);
    return tf.tidy(() => {
      const outputs = this.#outputs(batch.inputs, training);
      const losses = this.tasks.flatMap(({ name, head }) => {
        const { values, mask, labelled } = batch.targets[name];
        if (labelled === 0) return [];
        const losses = lossesOf(head, name, outputs.get(name)!, values, this.#pass(name, training));
        return [[name, maskedMean(losses, mask)] as const];
      });
      return Object.fromEntries(losses) as TaskLosses<H>;
    });
  }

  /**
   * What the network says about inputs, [batch, ...input shape]; where each task has its own, about each task's, which
   * may have no rows. The inputs stay the caller's.
   *
   * @param run computes `outputs` in another way, such as a program that was traced.
   * @throws InputError when the inputs have another shape or hold values that are not finite.
   * @throws TaskError when a head gives something else than one prediction a row.
   */
  async predict(
    inputs: PerInput<H, I, tf.Tensor>,
    run: (inputs: PerInput<H, I, tf.Tensor>) => Outputs<H> = (given) => this.outputs(given),
  ): Promise<Predictions<H>> {
    this.#checkInputs(inputs);
    const given = this.#ports.spread(inputs);
    const checksum = tf.tidy(() =>
      tf.addN(given.filter(({ size }) => size > 0).map((own) => tf.sum(tf.mul(tf.cast(own, 'float32'), 0)))),
    );
    const [zero] = await checksum.data();
    checksum.dispose();
    if (zero !== 0)
      throw new InputError('The inputs hold NaN or infinite values; a model takes finite ones.');

    const outputs = run(inputs);
    try {
      const predictions: [string, readonly unknown[]][] = [];
      for (const { name, head } of this.tasks) {
        const own = outputs[name];
        predictions.push([
          name,
          own === undefined ? [] : await predictionsOf(head, name, own, this.#pass(name, false)),
        ]);
      }
      return Object.fromEntries(predictions) as Predictions<H>;
    } finally {
      tf.dispose(outputs);
    }
  }

  /** The output of every task that has rows, with layers as in prediction; the caller's to dispose of. */
  outputs(inputs: PerInput<H, I, tf.Tensor>): Outputs<H> {
    return tf.tidy(() => Object.fromEntries(this.#outputs(inputs, false)) as Outputs<H>);
  }

  /**
   * What tensors inside of the network hold for inputs, such as `features`. Layers work as in prediction; the results are
   * the caller's to dispose of.
   *
   * @throws InputError when the inputs have another shape.
   */
  valuesOf(tensors: readonly tfl.SymbolicTensor[], inputs: PerInput<H, I, tf.Tensor>): tf.Tensor[] {
    this.#checkInputs(inputs);
    const before = new Set(tensors.flatMap((tensor) => [...tensorsBefore(tensor)]));
    const given = this.#ports.spread(inputs).filter((_, port) => before.has(this.network.inputs[port]));
    // Of an output that it is given twice, tfjs leaves out the second.
    const outputs = [...new Set(tensors)];
    const part = tfl.model({ inputs: this.network.inputs.filter((input) => before.has(input)), outputs });
    return tf.tidy(() => {
      const applied = part.apply(given.length === 1 ? given[0] : given, { training: false });
      const values = (Array.isArray(applied) ? applied : [applied]) as tf.Tensor[];
      return tensors.map((tensor) => tf.clone(values[outputs.indexOf(tensor)]));
    });
  }

  /** The number of weights, those that training does not change included. */
  countParams(): number {
    return this.network.countParams();
  }

  /** What weights have to fit. */
  get architecture(): Architecture {
    return describeArchitecture(this);
  }

  /** A copy of all weights, with a description of the architecture that they belong to. */
  exportWeights(): Promise<ModelWeights> {
    return readWeights(this.network, this.architecture);
  }

  /**
   * Replaces all weights.
   *
   * @throws WeightsError when they belong to another architecture; then no weight is changed.
   */
  importWeights(weights: ModelWeights): void {
    writeWeights(this.network, this.architecture, weights);
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

  /** The outputs of the tasks that have rows. */
  #outputs(inputs: PerInput<H, I, tf.Tensor>, training: boolean): Map<TaskName<H>, tf.Tensor> {
    const tensors = this.#ports.spread(inputs);
    const present = this.#names.filter((name) => tensors[this.#ports.of(name)].shape[0] > 0);
    if (present.length === 0) return new Map();
    const { network, ports } = this.#part(present);
    const given = ports.map((port) => tensors[port]);
    const applied = network.apply(given.length === 1 ? given[0] : given, { training });
    const outputs = (Array.isArray(applied) ? applied : [applied]) as tf.Tensor[];
    return new Map(present.map((name, index) => [name, outputs[index]]));
  }

  /** The part of the network that these tasks need: of a batch of one task's examples, the others' is not run. */
  #part(present: readonly TaskName<H>[]): Part {
    const key = present.join(' ');
    const known = this.#parts.get(key);
    if (known !== undefined) return known;
    const behind = new Set(present.flatMap((name) => this.#portsBehind.get(name)!));
    const ports = [...behind].sort((a, b) => a - b);
    const network =
      present.length === this.tasks.length
        ? this.network
        : tfl.model({
            inputs: ports.map((port) => this.network.inputs[port]),
            outputs: this.network.outputs.filter((_, index) => present.includes(this.#names[index])),
          });
    const part = { network, ports };
    this.#parts.set(key, part);
    return part;
  }

  #pass(task: TaskName<H>, training: boolean): Pass {
    return { layer: this.network.outputs[this.#names.indexOf(task)].sourceLayer, training };
  }

  #shapeOf(task: TaskName<H>): InputShape {
    return this.#ports.all[this.#ports.of(task)].shape;
  }

  #context(task: string, length: number) {
    return { task, outputShape: (this.#outputShapes.get(task) ?? []).map((size) => size ?? length) };
  }

  #targetShape(task: TaskName<H>, length: number): readonly number[] {
    const known = this.#targetShapes.get(task) ?? new Map<number, readonly number[]>();
    this.#targetShapes.set(task, known);
    const own = known.get(length);
    if (own !== undefined) return own;
    const unlabelled = this.heads[task].encode([undefined], this.#context(task, length));
    if (!((unlabelled as unknown) instanceof tf.Tensor)) {
      throw new TaskError(
        task,
        `encode() of its head gives ${describeValue(unlabelled)}; expected a tensor, with a row for every example.`,
      );
    }
    unlabelled.dispose();
    const shape = unlabelled.shape.slice(1);
    known.set(length, shape);
    return shape;
  }

  /** For every port the examples that have an input for it. */
  #rows(inputs: readonly InputOf<H, I>[]): Row[][] {
    const rows = this.#ports.all.map((): Row[] => []);
    for (const [example, input] of inputs.entries()) {
      const given = this.#ports.spread<Float32Array | undefined>(
        input as PerInput<H, I, Float32Array | undefined>,
      );
      for (const [port, own] of given.entries()) if (own !== undefined) rows[port].push([example, own]);
    }
    return rows;
  }

  #stack(rows: readonly (readonly Row[])[], memory?: BatchMemory) {
    const tensors: tf.Tensor[] = [];
    try {
      for (const [port, { shape }] of this.#ports.all.entries()) {
        tensors.push(stackRows(rows[port], shape, memory && ((size) => memory.take(port, size))));
      }
    } catch (error) {
      tf.dispose(tensors);
      throw error;
    }
    return this.#ports.join(tensors);
  }

  /** An example that a task takes part in has every input that the task's output depends on. */
  #checkPresence(rows: readonly (readonly Row[])[], examples: readonly ExampleOf<H, I>[]): void {
    const present = rows.map((own) => new Set(own.map(([example]) => example)));
    for (const [example, { labels }] of examples.entries()) {
      for (const name of this.#names) {
        const has = present[this.#ports.of(name)].has(example);
        if (!has && labels[name] !== undefined) {
          throw new TaskError(name, `example ${example} has its label, but not its input.`);
        }
        const missing = this.#portsBehind.get(name)!.find((port) => !present[port].has(example));
        if (has && missing !== undefined) {
          throw new InputError(
            `Example ${example} has the input of task "${name}", but not that of "${this.#ports.all[missing].tasks[0]}"; ` +
              `sharing strategy "${this.sharing.kind}" lets one use the other's features, so give both or none.`,
          );
        }
      }
    }
  }

  /** @param labels for every port the labels of its rows. */
  #encode(
    labels: readonly (readonly Labels<H>[])[],
    inputs: PerInput<H, I, tf.Tensor>,
  ): Batch<H, I>['targets'] {
    const given = this.#ports.spread(inputs);
    const targets: [string, Target][] = [];
    try {
      for (const { name, head } of this.tasks) {
        const port = this.#ports.of(name);
        const own = labels[port].map((known) => known[name]);
        const length = lengthOf(given[port], this.#shapeOf(name));
        // Heads are asked for one row or more.
        const values =
          own.length === 0
            ? tf.zeros([0, ...this.#targetShape(name, length)])
            : head.encode(own, this.#context(name, length));
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
    return Object.fromEntries(targets) as Batch<H, I>['targets'];
  }

  #checkBatch({ inputs, targets }: Batch<H, I>): void {
    this.#checkInputs(inputs);
    checkTasks(targets, this.#names, 'the batch');
    const given = this.#ports.spread(inputs);
    for (const name of this.#names) {
      const { values, mask } = targets[name];
      const own = given[this.#ports.of(name)];
      const [examples] = own.shape;
      const expected = [examples, ...this.#targetShape(name, lengthOf(own, this.#shapeOf(name)))];
      if (!tf.util.arraysEqual(values.shape, expected)) {
        throw new TaskError(
          name,
          `its target has shape ${describeShape(values.shape)}; expected ${describeShape(expected)}.`,
        );
      }
      if (!tf.util.arraysEqual(mask.shape, [examples])) {
        throw new TaskError(
          name,
          `its mask has shape ${describeShape(mask.shape)}; expected one entry for each of ${examples} examples.`,
        );
      }
    }
  }

  #checkInputs(inputs: PerInput<H, I, tf.Tensor>): void {
    const given = this.#ports.spread(inputs);
    for (const [port, { shape }] of this.#ports.all.entries()) checkInputs(given[port], shape);
    if (given.every(({ shape }) => shape[0] === 0))
      throw new InputError('The inputs have no rows; give at least one.');
    for (const name of this.#names) {
      const own = given[this.#ports.of(name)].shape[0];
      for (const port of this.#portsBehind.get(name)!) {
        const other = given[port].shape[0];
        if (own === 0 || other === own) continue;
        throw new InputError(
          `Task "${name}" has ${own} rows of inputs and "${this.#ports.all[port].tasks[0]}" has ${other}; ` +
            `sharing strategy "${this.sharing.kind}" lets one use the other's features row by row.`,
        );
      }
    }
  }
}

/** Composes a multi-task network of a trunk, a sharing strategy and heads. */
export function multiTaskModel<const H extends Heads>(options: MultiTaskModelOptions<H>): MultiTaskModel<H>;
/** The same where each task has its own input: `inputShape` then has a shape for each, by the task's name. */
export function multiTaskModel<const H extends Heads>(
  options: MultiTaskModelOptions<H, 'own'>,
): MultiTaskModel<H, 'own'>;
export function multiTaskModel<const H extends Heads, I extends InputKind>(
  options: MultiTaskModelOptions<H, I>,
): MultiTaskModel<H, I> {
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
    checkHead(heads[name], name);
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

function featuresOf(task: string, all: ReadonlyMap<string, Features>, { kind }: Sharing): Features {
  const own = all.get(task);
  if (own !== undefined && own.length > 0) return own;
  throw new TaskError(task, `sharing strategy "${kind}" gave it no features.`);
}

function connectHead(head: Head<unknown, unknown>, features: Features, task: string): tfl.SymbolicTensor {
  try {
    const output: unknown = head.connect(features, task);
    if (output instanceof tfl.SymbolicTensor) return output;
    throw new TaskError(
      task,
      `connect() of its ${head.kind} head gives ${describeValue(output)}; expected a tensor: apply the last layer to the features.`,
    );
  } catch (error) {
    if (error instanceof EspalierError) throw error;
    const shapes = features.map(({ shape }) => describeShape(shape)).join(', ');
    throw new TaskError(
      task,
      `its ${head.kind} head does not fit features of shapes ${shapes}: ${messageOf(error)}`,
      { cause: error },
    );
  }
}

/** An output, and all tensors that it depends on. */
function tensorsBefore(output: tfl.SymbolicTensor): ReadonlySet<tfl.SymbolicTensor> {
  const tensors = new Set([output]);
  for (const { inputs } of tensors) for (const input of inputs) tensors.add(input);
  return tensors;
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

/** The number of labelled examples is taken from the mask: in a traced step it is another one every time. */
function maskedMean(losses: tf.Tensor1D, mask: tf.Tensor1D): tf.Scalar {
  // A selection, not a product: whatever an unlabelled row gives, it must not reach the sum.
  const known = tf.where(tf.cast(mask, 'bool'), losses, tf.zerosLike(losses));
  // A worker of a cluster may have no label where others have: its part is 0, and not 0 / 0.
  return tf.div(tf.sum(known), tf.maximum(tf.sum(mask), 1));
}
