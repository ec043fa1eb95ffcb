import * as tf from '@tensorflow/tfjs-core';
import { ProgramError } from '../errors.js';
import type { HostValues } from './binding.js';

/** Random numbers that tfjs drew in JavaScript while a step was recorded. */
export interface Draw {
  readonly family: Family;
  /** What tfjs seeded its generator with. */
  readonly seed: number;
  readonly values: Float32Array;
}

/** A draw as TensorFlow can repeat it with other seeds: `shift + scale * standard`. */
export interface Distribution {
  readonly op: string;
  readonly shift: number;
  readonly scale: number;
}

/** How many values of a draw are looked at: the generators go on from value to value, whatever the shape. */
const sampleSize = 4096;

interface Family {
  /** TensorFlow's own draw with shift 0 and scale 1. */
  readonly op: string;
  /** The same of tfjs, by its two parameters. */
  draw(shape: number[], first: number, second: number, seed: number): tf.Tensor;
  /** tfjs's parameters for a shift and a scale. */
  parameters(shift: number, scale: number): [number, number];
  distribution(first: number, second: number): { shift: number; scale: number };
}

const gaussian = {
  parameters: (shift: number, scale: number): [number, number] => [shift, scale],
  distribution: (mean: number, deviation: number) => ({ shift: mean, scale: deviation }),
};

/** The operations that draw in JavaScript, by the name of their scope. `tf.dropout` draws with the first. */
const families: Readonly<Record<string, Family>> = {
  randomUniform: {
    op: 'StatelessRandomUniform',
    draw: (shape, low, high, seed) => tf.randomUniform(shape, low, high, 'float32', seed),
    parameters: (shift, scale) => [shift, shift + scale],
    distribution: (low, high) => ({ shift: low, scale: high - low }),
  },
  randomNormal: {
    op: 'StatelessRandomNormal',
    draw: (shape, mean, deviation, seed) => tf.randomNormal(shape, mean, deviation, 'float32', seed),
    ...gaussian,
  },
  truncatedNormal: {
    op: 'StatelessTruncatedNormal',
    draw: (shape, mean, deviation, seed) => tf.truncatedNormal(shape, mean, deviation, 'float32', seed),
    ...gaussian,
  },
};

/** Watches a step for the operations that are under way, and for what they draw. */
export class Watch {
  private readonly scopes: { readonly name: string; seed?: number }[] = [];
  private readonly origins = new WeakMap<object, string>();
  private readonly draws = new Map<object, Draw>();

  /**
   * @param entry For errors.
   * @param random Takes the place of `Math.random`, from which tfjs seeds every draw that has no seed of its own.
   * @param hostValues The values of a tensor that no operation has used so far.
   */
  constructor(
    private readonly entry: string,
    private readonly random: () => number,
    private readonly hostValues: (dataId: object) => HostValues | readonly number[] | null,
  ) {}

  /** The innermost operation. */
  get operation(): string {
    return this.scopes.findLast(({ name }) => name !== '')?.name ?? 'the step itself';
  }

  /** The operation that gave this data. */
  origin(dataId: object): string | undefined {
    return this.origins.get(dataId);
  }

  drawOf(values: object): Draw | undefined {
    return this.draws.get(values);
  }

  /** Takes the place of the engine's `startScope`: every operation of tfjs opens a scope of its name. */
  startScope(name: string | undefined): void {
    this.scopes.push({ name: operationName(name) });
  }

  /** Takes the place of the engine's `endScope`. */
  endScope(result: tf.TensorContainer | undefined): void {
    const scope = this.scopes.pop();
    if (scope === undefined || scope.name === '') return;
    for (const tensor of tensorsOf(result)) this.origins.set(tensor.dataId, scope.name);
    if (scope.seed !== undefined && result instanceof tf.Tensor)
      this.remember(scope.name, scope.seed, result);
  }

  /** Takes the place of `Math.random`. */
  draw(): number {
    const scope = this.scopes.at(-1);
    if (scope === undefined || families[scope.name] === undefined) {
      throw new ProgramError(
        `entry '${this.entry}' draws random numbers in JavaScript (Math.random, in '${this.operation}'), where a program would ` +
          'repeat one draw for ever. Draw with tf.dropout, tf.randomUniform, tf.randomNormal or tf.truncatedNormal, or outside, ' +
          'and pass the result as an input.',
      );
    }
    scope.seed = this.random();
    return scope.seed;
  }

  private remember(name: string, seed: number, result: tf.Tensor): void {
    const values = this.hostValues(result.dataId);
    const family = families[name];
    if (family === undefined || !(values instanceof Float32Array)) {
      throw new ProgramError(
        `entry '${this.entry}' draws ${result.dtype} with '${name}', and a program can only repeat draws of float32. ` +
          'Draw float32, and round and cast the result.',
      );
    }
    this.draws.set(values, { family, seed, values });
  }
}

/**
 * The distribution that two draws of one operation come from, or undefined where they are of different ones.
 *
 * tfjs does not tell what it was asked for. But its generators shift and scale a standard draw, which the seed
 * gives, so two values tell both.
 */
export function distributionOf(first: Draw, second: Draw): Distribution | undefined {
  const { family } = first;
  if (family !== second.family) return undefined;
  const draws = [first, second];
  const found = draws.flatMap(({ values }) => [...values.subarray(0, sampleSize)]);
  const standard = draws.flatMap((draw) => redraw(draw, ...family.parameters(0, 1)));
  if (found.length === 0) return { op: family.op, shift: 0, scale: 1 };

  const low = standard.indexOf(standard.reduce((a, b) => Math.min(a, b)));
  const high = standard.indexOf(standard.reduce((a, b) => Math.max(a, b)));
  const scale = (found[high]! - found[low]!) / (standard[high]! - standard[low]!);
  const shift = found[low]! - scale * standard[low]!;

  // The parameters are hardly ever longer than six digits: if those give the very same values, it is them.
  const rounded = family
    .parameters(shift, scale)
    .map((value) => round(value, Math.abs(shift) + Math.abs(scale)));
  const again = draws.flatMap((draw) => redraw(draw, rounded[0]!, rounded[1]!));
  if (again.every((value, index) => value === found[index])) {
    return { op: family.op, ...family.distribution(rounded[0]!, rounded[1]!) };
  }
  const tolerance = 1e-5 * (Math.abs(shift) + Math.abs(scale));
  const fits = found.every((value, index) => Math.abs(value - shift - scale * standard[index]!) <= tolerance);
  return fits ? { op: family.op, shift, scale } : undefined;
}

function redraw({ family, values, seed }: Draw, first: number, second: number): number[] {
  const shape = [Math.min(values.length, sampleSize)];
  return tf.tidy(() => [...family.draw(shape, first, second, seed).dataSync()]);
}

function round(value: number, scale: number): number {
  return Math.abs(value) < 1e-6 * scale ? 0 : Number(value.toPrecision(6));
}

/** tfjs names the scope of an operation `matMul__op`; that of a `tf.tidy` has no name, or its user's. */
function operationName(scope: string | undefined): string {
  return scope?.endsWith(tf.OP_SCOPE_SUFFIX) === true ? scope.slice(0, -tf.OP_SCOPE_SUFFIX.length) : '';
}

function tensorsOf(result: tf.TensorContainer | undefined): tf.Tensor[] {
  if (result instanceof tf.Tensor) return [result];
  return Array.isArray(result) ? result.filter((item) => item instanceof tf.Tensor) : [];
}
