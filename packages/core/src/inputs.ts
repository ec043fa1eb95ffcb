import * as tf from '@tensorflow/tfjs-core';
import { InputError, TaskError } from './errors.js';
import type { Heads, TaskName } from './head.js';
import { describeShape } from './trunk.js';

/**
 * The shape of one example's input, without the batch dimension. Where the first size is `null`, examples may differ in
 * it, as sentences do in length: a batch is as long as its longest example, with zeros behind the others.
 */
export type InputShape = readonly (number | null)[];

/** Where the tasks of a model get their inputs: one that all have in common, or each its own. */
export type InputKind = 'common' | 'own';

/** Something for the inputs of a model: one for all tasks, or one a task. */
export type PerInput<H extends Heads, I extends InputKind, Value> = I extends 'common'
  ? Value
  : { readonly [T in TaskName<H>]: Value };

/**
 * What goes into the network for one example, in row-major order, as many values as the input shape holds. Where each
 * task has its own input, an example may lack some: `undefined`.
 */
export type InputOf<H extends Heads, I extends InputKind = 'common'> = PerInput<
  H,
  I,
  I extends 'common' ? Float32Array : Float32Array | undefined
>;

/** A way into the network. */
interface Port {
  /** The tasks that begin here. */
  readonly tasks: readonly string[];
  readonly shape: InputShape;
}

/** The ways into a network: one for all tasks, or one a task. */
export class Ports<H extends Heads, I extends InputKind> {
  readonly all: readonly Port[];
  readonly #common: boolean;

  /**
   * @throws InputError when a shape is not made of whole numbers from 1.
   * @throws TaskError when there are shapes a task, and one is missing or belongs to no task.
   */
  constructor(inputShape: PerInput<H, I, InputShape>, tasks: readonly TaskName<H>[]) {
    this.#common = Array.isArray(inputShape);
    if (!this.#common) checkTasks(inputShape as object, tasks, '`inputShape`');
    this.all = this.#common
      ? [{ tasks, shape: inputShape as InputShape }]
      : tasks.map((task) => ({
          tasks: [task],
          shape: (inputShape as Readonly<Record<string, InputShape>>)[task],
        }));
    for (const { shape } of this.all) {
      if (shape.some((size, place) => !(isSize(size) || (size === null && place === 0)))) {
        throw new InputError(
          `The input shape ${describeShape(shape, 'null')} is not made of whole numbers from 1; only its first may be null.`,
        );
      }
    }
  }

  /** Which port a task begins at. */
  of(task: TaskName<H>): number {
    return this.all.findIndex(({ tasks }) => tasks.includes(task));
  }

  /** What is given for each port, in their order. */
  spread<Value>(given: PerInput<H, I, Value>): readonly Value[] {
    if (this.#common) return [given as Value];
    const names = this.all.map(({ tasks: [task] }) => task);
    if (
      typeof given !== 'object' ||
      given === null ||
      ArrayBuffer.isView(given) ||
      given instanceof tf.Tensor
    ) {
      throw new InputError(
        `One input is given where each task has its own; give an object of ${names.join(', ')}.`,
      );
    }
    checkTasks(given, names, 'the input', OR_UNDEFINED);
    return names.map((task) => (given as Readonly<Record<string, Value>>)[task]);
  }

  /** The other way round: what is told for each port, as callers give and get it. */
  join<Value>(values: readonly Value[]): PerInput<H, I, Value> {
    const joined = this.#common
      ? values[0]
      : Object.fromEntries(this.all.map(({ tasks: [task] }, index) => [task, values[index]]));
    return joined as PerInput<H, I, Value>;
  }
}

/** The input of an example, with its place among the examples. */
export type Row = readonly [example: number, input: Float32Array];

/**
 * Stacks inputs to [rows, ...shape]; where the length is open, shorter ones are padded with zeros at their end.
 *
 * @param zeros gives as many: the tensor's values.
 */
export function stackRows(
  rows: readonly Row[],
  shape: InputShape,
  zeros = (size: number): Float32Array => new Float32Array(size),
): tf.Tensor {
  for (const [example, input] of rows) checkInput(input, example, shape);
  const [first, ...rest] = shape;
  const longest = () => Math.max(1, ...rows.map(([, input]) => input.length / product(rest)));
  const full = shape.length === 0 ? [] : [first ?? longest(), ...rest.map(Number)];
  const values = zeros(rows.length * product(full));
  for (const [row, [, input]] of rows.entries()) values.set(input, row * product(full));
  return tf.tensor(values, [rows.length, ...full]);
}

/** How long the examples of a batch are; 1 where the input shape leaves nothing open. */
export function lengthOf(inputs: tf.Tensor, [first]: InputShape): number {
  return first === null ? Number(inputs.shape[1]) : 1;
}

/** @throws InputError when inputs, [rows, ...], do not have this shape. There may be no rows. */
export function checkInputs(inputs: tf.Tensor, inputShape: InputShape): void {
  const expected = inputShape.map((size, place) => size ?? inputs.shape[place + 1]);
  const isEmpty = inputs.shape[0] > 0 && inputs.size === 0;
  if (tf.util.arraysEqual(inputs.shape.slice(1), expected) && !isEmpty) return;
  const shape = ['batch', ...inputShape.map((size) => size ?? 'length')];
  throw new InputError(
    `The inputs have shape ${describeShape(inputs.shape)}; expected [${shape.join(', ')}].`,
  );
}

function checkInput(input: Float32Array, example: number, shape: InputShape): void {
  const isOpen = shape[0] === null;
  const size = product(isOpen ? shape.slice(1) : shape);
  if (isOpen ? input.length === 0 || input.length % size !== 0 : input.length !== size) {
    throw new InputError(
      `The input of example ${example} has ${input.length} values; ${describeShape(shape, 'length')} holds ` +
        `${isOpen ? 'a multiple of ' : ''}${size}.`,
    );
  }
  const bad = firstNotFinite(input);
  if (bad >= 0) {
    throw new InputError(
      `The input of example ${example} is ${input[bad]} at position ${bad}; expected finite values.`,
    );
  }
}

/** A plain loop, which takes a quarter of the time of `findIndex`: a batch has a hundred thousand values. */
function firstNotFinite(values: ArrayLike<number>): number {
  for (let index = 0; index < values.length; index++) {
    if (!Number.isFinite(values[index])) return index;
  }
  return -1;
}

function isSize(size: number | null): boolean {
  return Number.isInteger(size) && Number(size) >= 1;
}

function product(sizes: InputShape): number {
  return sizes.reduce<number>((result, size) => result * (size ?? 1), 1);
}

/** What to do for an example about which something is not known. */
export const OR_UNDEFINED = ', with undefined where it is unknown';

/** @throws TaskError when an object does not have an entry for each of these tasks, and no other. */
export function checkTasks(byTask: object, tasks: readonly string[], where: string, hint = ''): void {
  for (const name of Object.keys(byTask)) {
    if (!tasks.includes(name)) {
      throw new TaskError(name, `${where} names it, but the model's tasks are ${tasks.join(', ')}.`);
    }
  }
  for (const name of tasks) {
    if (!(name in byTask)) {
      throw new TaskError(name, `${where} lacks it; name every task${hint}.`);
    }
  }
}
