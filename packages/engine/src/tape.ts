import * as tf from '@tensorflow/tfjs-core';
import { GradientError } from './errors.js';
import { withMethods } from './program/with-methods.js';
import type { Tape, TapeNode } from './tape-node.js';

/** How tfjs's engine puts an operation on its tape, of which its types say nothing. */
interface Recorder {
  addTapeNode(
    kernel: string,
    inputs: tf.NamedTensorMap,
    outputs: tf.Tensor[],
    gradient: unknown,
    saved: tf.Tensor[],
    attributes: object | undefined,
  ): void;
}

type Rewrite = (tape: readonly TapeNode[]) => readonly TapeNode[];

const rewrites = new Set<Rewrite>();

/** Has all tapes rewritten from now on, to be walked back over in less time. A page that uses none need not load it. */
export function rewriteTapes(rewrite: Rewrite): void {
  rewrites.add(rewrite);
}

/** The gradients of one loss by the id of the tensor or variable: only of those that the loss depends on. */
export type Reached = ReadonlyMap<number, tf.Tensor>;

/**
 * Runs a forward pass once, and hands its losses to `use` with a function that walks back from any of them, as often
 * as is wanted. `tf.grads` gives its tape up after one walk, and leaks what it kept where the forward pass throws.
 */
export function withTape<T extends tf.TensorContainer>(
  caller: string,
  losses: () => readonly tf.Scalar[],
  variables: readonly tf.Variable[],
  use: (losses: readonly tf.Scalar[], walkBack: (loss: tf.Scalar) => Reached) => T,
): T {
  if (tf.engine().state.gradientDepth > 0) {
    throw new GradientError(
      `${caller} was called inside another gradient; its backward passes cannot be differentiated again. ` +
        'Call it outside tf.grad, tf.variableGrads and optimizer.minimize.',
    );
  }
  return tf.tidy(() => {
    const tape: Tape = [];
    try {
      const { values, attributes } = record(caller, tape, losses);
      const whole = tape.map((node, index): TapeNode => ({ ...node, attributes: attributes[index] ?? {} }));
      const rewritten = [...rewrites].reduce<readonly TapeNode[]>((nodes, rewrite) => rewrite(nodes), whole);
      const nodes = dependents(rewritten, variables);
      return use(values, (loss) => walkBack(nodes, loss));
    } finally {
      for (const { saved } of tape) tf.dispose(saved ?? []);
    }
  });
}

/** Runs the forward pass with the tape on; gives the attributes of the tape's nodes, which tfjs does not keep there. */
function record(
  caller: string,
  tape: Tape,
  losses: () => readonly tf.Scalar[],
): { readonly values: tf.Scalar[]; readonly attributes: readonly (object | undefined)[] } {
  const engine = tf.engine();
  const { state } = engine;
  const attributes: (object | undefined)[] = [];
  const former = state.activeTape;
  state.activeTape = tape;
  state.gradientDepth = 1;
  try {
    const values = noticing(engine, attributes, () =>
      tf.tidy(() => check(caller, losses()).map((loss) => tf.clone(loss))),
    );
    return { values, attributes };
  } finally {
    state.gradientDepth = 0;
    state.activeTape = former;
  }
}

function noticing<R>(engine: object, attributes: (object | undefined)[], run: () => R): R {
  if (!isRecorder(engine)) return run();
  const add = engine.addTapeNode.bind(engine);
  const addTapeNode: Recorder['addTapeNode'] = (...node) => {
    add(...node);
    attributes.push(node[5]);
  };
  return withMethods(engine, { addTapeNode }, run);
}

function isRecorder(engine: object): engine is Recorder {
  return 'addTapeNode' in engine;
}

function check(caller: string, losses: readonly tf.Scalar[]): readonly tf.Scalar[] {
  if (!Array.isArray(losses) || losses.length === 0) {
    throw new GradientError(
      `${caller} expected a list of at least one loss, found ${Array.isArray(losses) ? 'an empty one' : describe(losses)}`,
    );
  }
  losses.forEach((loss, task) => {
    if (!(loss instanceof tf.Tensor) || loss.rank !== 0 || loss.dtype !== 'float32') {
      throw new GradientError(
        `${caller} expected loss ${task} to be a scalar of float32, found ${describe(loss)}`,
      );
    }
  });
  return losses;
}

function describe(value: unknown): string {
  if (value instanceof tf.Tensor) return `${value.dtype} of shape [${value.shape.join(', ')}]`;
  return value instanceof Promise ? 'a promise (the function must not be async)' : typeof value;
}

/** The nodes that depend on the variables, each with only those inputs that do. */
function dependents(tape: readonly TapeNode[], variables: readonly tf.Variable[]): TapeNode[] {
  const reached = new Set(variables.map(({ id }) => id));
  return tape.flatMap((node) => {
    const inputs = Object.fromEntries(
      // An input that may be left out is there all the same, as undefined.
      Object.entries<tf.Tensor | undefined>(node.inputs).filter(
        (entry): entry is [string, tf.Tensor] => entry[1] !== undefined && reached.has(entry[1].id),
      ),
    );
    if (Object.keys(inputs).length === 0) return [];
    for (const { id } of node.outputs) reached.add(id);
    return [{ ...node, inputs }];
  });
}

function walkBack(nodes: readonly TapeNode[], loss: tf.Scalar): Reached {
  const gradients = new Map<number, tf.Tensor>([[loss.id, tf.scalar(1)]]);
  for (const { kernelName, inputs, outputs, gradient } of nodes.toReversed()) {
    // No gradient has arrived: the loss does not depend on this node.
    if (!outputs.some(({ id }) => gradients.has(id))) continue;
    if (gradient === undefined) {
      throw new GradientError(
        `the operation ${kernelName} has no gradient. tfjs-core alone registers none: import @tensorflow/tfjs-layers or ` +
          '@tensorflow/tfjs, which do, or leave the operation out of the loss.',
      );
    }
    const towards = gradient(outputs.map(({ id, shape }) => gradients.get(id) ?? tf.zeros(shape)));
    for (const [name, { id }] of Object.entries(inputs)) {
      const part = towards[name];
      if (part === undefined) throw new GradientError(`${kernelName} has no gradient for its input ${name}`);
      const sum = gradients.get(id);
      gradients.set(id, sum === undefined ? tf.tidy(part) : tf.tidy(() => tf.add(sum, part())));
    }
  }
  return gradients;
}
