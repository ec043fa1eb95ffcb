import * as tf from '@tensorflow/tfjs-core';
import { ProgramError } from '../errors.js';
import { type HostValues, nativeBackend } from './binding.js';
import { eagerRunner } from './eager-runner.js';
import type { Entries, NamedTensors, Step } from './entry.js';
import { randomSource } from './random-source.js';
import type { Runner } from './runner.js';
import { type TracedRunnerOptions, tracedRunner } from './traced-runner.js';

/** Something whose variables, those that it has at the time, are part of a program's state. */
export interface StateHolder {
  readonly variables: readonly tf.Variable[];
}

/** What runs traced entries elsewhere: see `connect` of `@espalier/engine/cluster`. */
export interface ProgramHost {
  runner(options: TracedRunnerOptions): Runner;
}

export interface ProgramOptions<E extends Entries> {
  /** Every variable that an entry reads or changes, and whatever holds such: a carry, an optimizer. */
  readonly state: readonly (tf.Variable | StateHolder)[];
  readonly entries: E;
  /** Where draws without a seed of their own are seeded from; `Math.random` at the time of the call unless given. */
  readonly seed?: number;
  /** Whether entries become graphs. Unless given: where native TensorFlow is the engine. */
  readonly traced?: boolean;
  /**
   * Runs every trace's first step both ways and compares outputs and state: by how much they may differ, as a part of
   * a tensor's largest value. `true`: 1e-4.
   */
  readonly verify?: boolean | number;
  /** Runs the graphs on a cluster in place of this machine. */
  readonly cluster?: ProgramHost | undefined;
}

export interface Program<E extends Entries> {
  /**
   * The entries as they are called. Outputs are the caller's to dispose, or the surrounding `tf.tidy`'s; inputs stay
   * the caller's.
   */
  readonly entries: E;
  /** Whether entries are graphs. */
  readonly traced: boolean;
  /**
   * Calls an entry, and `work` once: what needs nothing of the entry, such as the next batch. On native TensorFlow it is
   * done while the entry is computed, elsewhere before. What it throws is thrown from here.
   */
  overlap<N extends keyof E & string>(
    entry: N,
    work: () => void,
    ...inputs: Parameters<E[N]>
  ): ReturnType<E[N]>;
  /**
   * Has the workers of a cluster compute what an entry sums with `overWorkers`, from these inputs and the variables as
   * they are now. A call of the entry with these workers' examples then takes that, and only sums: one call for several
   * workers too, each of which has computed ahead. Elsewhere there is nothing to do.
   *
   * @returns when they have. One worker is asked for one entry at a time.
   * @throws ClusterFault where a worker is lost meanwhile.
   */
  ahead(entry: keyof E & string, inputs: NamedTensors): Promise<void>;
  /** Brings the variables to what the entries have made of them. Needed before they are read outside. */
  sync(): void;
  /**
   * The values of variables of the state as they are now, without `sync`; calls after it do not change them. They may be
   * TensorFlow's own memory, so they are not to be written in.
   */
  peek(variables: readonly tf.Variable[]): readonly HostValues[];
  /** Has the next call take over all variables as they are. Assigning to one does so for that one. */
  load(): void;
  /** An entry's last trace with the state as it is now, as the bytes of a `saved_model.pb`: see `export`. */
  savedModel(entry: keyof E & string): Uint8Array;
  /** Brings the variables up to date, and gives up the graphs. The variables stay, the carries too. */
  dispose(): void;
}

/**
 * Several steps over one state, each of which runs as one piece.
 *
 * On native TensorFlow a step is traced when it is first called with tensors of some types and shapes: it runs as it
 * is, what it asks of TensorFlow is written down, and from then on TensorFlow runs that as a graph, with the state
 * inside. On the other engines the functions run as they are. The same calls give the same results.
 *
 * A graph without outputs, an update, say, runs on while JavaScript makes the next batch: what uses the program next waits
 * for it, and throws what it threw.
 *
 * A step must therefore depend on its inputs and the state alone: numbers that change (a learning rate, a step count)
 * are tensors. What a graph cannot repeat is refused, see `ProgramError`.
 *
 * @throws ProgramError where `traced` asks for graphs on an engine that has none.
 *
 * @example
 * ```ts
 * const program = engine.program({
 *   state: [weight],
 *   entries: {
 *     train({ x, rate }: { x: tf.Tensor2D; rate: tf.Scalar }) {
 *       const { loss, gradients } = engine.lossGradients(() => tf.mean(tf.square(tf.matMul(x, weight))), [weight]);
 *       weight.assign(tf.sub(weight, tf.mul(gradients.get(weight)!, rate)));
 *       return { loss };
 *     },
 *   },
 * });
 * const { loss } = program.entries.train({ x, rate: tf.scalar(0.1) });
 * ```
 */
export function program<E extends Entries>(options: ProgramOptions<E>): Program<E> {
  const backend = options.traced === false ? undefined : nativeBackend();
  if ((options.traced === true || options.cluster !== undefined) && backend === undefined) {
    throw new ProgramError(
      `traced programs${options.cluster === undefined ? '' : ', which those on a cluster are,'} need native TensorFlow, and the engine is '${tf.getBackend()}'. Call engine.use('native') first, or leave \`traced\` out.`,
    );
  }
  const entries = new Map(Object.entries(options.entries).map(([name, step]) => [name, checked(name, step)]));
  const holders = options.state.map(holderOf);
  const random = options.seed === undefined ? undefined : randomSource(options.seed);
  const runner =
    backend === undefined
      ? eagerRunner(entries, random)
      : (options.cluster?.runner.bind(options.cluster) ?? tracedRunner)({
          backend,
          entries,
          state: () => variablesOf(holders),
          random: random ?? (() => Math.random()),
          tolerance: toleranceOf(options.verify),
        });
  return new CompiledProgram(options.entries, runner, backend !== undefined);
}

/** The entry that is under way. */
let running: string | undefined;

class CompiledProgram<E extends Entries> implements Program<E> {
  readonly entries: E;
  private isDisposed = false;

  constructor(
    entries: E,
    private readonly runner: Runner,
    readonly traced: boolean,
  ) {
    const calls = Object.keys(entries).map((name) => [
      name,
      (inputs: NamedTensors = {}) => this.call(name, inputs, () => runner.run(name, inputs)),
    ]);
    this.entries = Object.fromEntries(calls) as E;
  }

  overlap<N extends keyof E & string>(
    entry: N,
    work: () => void,
    ...inputs: Parameters<E[N]>
  ): ReturnType<E[N]> {
    const outside = () => {
      running = undefined;
      try {
        work();
      } finally {
        running = entry;
      }
    };
    const [own = {}]: readonly NamedTensors[] = inputs;
    const outputs = this.call(entry, own, () => this.runner.run(entry, own, outside));
    return outputs as ReturnType<E[N]>;
  }

  async ahead(entry: keyof E & string, inputs: NamedTensors): Promise<void> {
    return this.call(entry, inputs, () => this.runner.ahead(entry, inputs));
  }

  sync(): void {
    this.checkAlive();
    this.runner.sync();
  }

  peek(variables: readonly tf.Variable[]): readonly HostValues[] {
    this.checkAlive();
    return this.runner.peek(variables);
  }

  load(): void {
    this.checkAlive();
    this.runner.load();
  }

  savedModel(entry: keyof E & string): Uint8Array {
    this.checkAlive();
    return this.runner.savedModel(entry);
  }

  dispose(): void {
    if (this.isDisposed) return;
    this.runner.dispose();
    this.isDisposed = true;
  }

  private call<R>(entry: string, inputs: NamedTensors, run: () => R): R {
    this.checkAlive();
    checkPlace(entry);
    checkInputs(entry, inputs);
    running = entry;
    try {
      return run();
    } finally {
      running = undefined;
    }
  }

  private checkAlive(): void {
    if (this.isDisposed) throw new ProgramError('the program is disposed. Make a new one.');
  }
}

/** A step whose result is known to be named tensors. */
function checked(name: string, step: (inputs: never) => NamedTensors): Step {
  return (inputs) => {
    const outputs: unknown = step(inputs as never);
    if (outputs instanceof Promise) {
      throw new ProgramError(
        `entry '${name}' is async, and what it awaits would not be part of the step. Make it synchronous.`,
      );
    }
    const isNamed = typeof outputs === 'object' && outputs !== null && !(outputs instanceof tf.Tensor);
    const wrong = isNamed
      ? Object.entries(outputs).find(([, output]) => !(output instanceof tf.Tensor))
      : (['', outputs] as const);
    if (wrong === undefined) return outputs as NamedTensors;
    throw new ProgramError(
      `entry '${name}' must return an object of tensors, found ${isNamed ? `'${wrong[0]}'` : typeof outputs} that is none. ` +
        'Return {} where there is nothing to return.',
    );
  };
}

/** Told once: every call of an entry asks for all variables, and `instanceof tf.Variable` is a slow search of tfjs's. */
function holderOf(item: tf.Variable | StateHolder): StateHolder {
  return item instanceof tf.Variable ? { variables: [item] } : item;
}

function variablesOf(holders: readonly StateHolder[]): tf.Variable[] {
  const variables = new Set<tf.Variable>();
  for (const holder of holders) for (const variable of holder.variables) variables.add(variable);
  return [...variables];
}

/** A program is nothing that a gradient or another program could look into. */
function checkPlace(entry: string): void {
  if (running !== undefined) {
    throw new ProgramError(
      `entry '${running}' calls the entry '${entry}' of a program, and one program cannot run another. Call the function itself.`,
    );
  }
  if (tf.engine().state.gradientDepth > 0) {
    throw new ProgramError(
      `entry '${entry}' was called inside a gradient, which does not reach into a program. Take the gradient inside the entry.`,
    );
  }
}

function checkInputs(entry: string, inputs: NamedTensors): void {
  for (const [name, input] of Object.entries(inputs)) {
    if (!(input instanceof tf.Tensor) || !['float32', 'int32', 'bool'].includes(input.dtype)) {
      const found = input instanceof tf.Tensor ? `a tensor of ${input.dtype}` : `a ${typeof input}`;
      throw new ProgramError(
        `entry '${entry}': expected input '${name}' to be a tensor of float32, int32 or bool, found ${found}.`,
      );
    }
  }
}

function toleranceOf(verify: boolean | number | undefined): number | undefined {
  if (verify === undefined || verify === false) return undefined;
  return verify === true ? 1e-4 : verify;
}
