import * as engine from '@espalier/engine';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, inject, test } from 'vitest';
import { type BareModel, bareModel, difference, examples } from './models.js';
import { strategies } from './strategies.js';

// Once is enough: it is native TensorFlow that the programs are traced on.
const missing =
  inject('engine') === 'wasm'
    ? await engine.use('native').then(
        () => undefined,
        (error: Error) => error.message,
      )
    : 'this project tests another engine';
if (missing !== undefined) console.warn(`Traced strategies are not tested: ${missing}`);

const COUNT = 4;

/** A training step: the tasks' losses and the network's own, and all weights by their gradients. */
function stepOf(model: BareModel, training: boolean) {
  return (inputs: { x: tf.Tensor; a: tf.Tensor; b: tf.Tensor; c: tf.Tensor; rate: tf.Scalar }) => {
    const target = (values: tf.Tensor) => ({
      values,
      mask: tf.ones([COUNT]) as tf.Tensor1D,
      labelled: COUNT,
    });
    const { a, b, c } = inputs;
    const targets = { a: target(a), b: target(b), c: target(c) };
    const { loss, gradients } = engine.lossGradients(() => {
      const losses = model.losses({ inputs: inputs.x, targets }, { training });
      return tf.addN([...Object.values(losses), ...model.network.calculateLosses()]) as tf.Scalar;
    }, model.variables);
    for (const [variable, gradient] of gradients) {
      variable.assign(tf.sub(variable, tf.mul(gradient, inputs.rate)));
    }
    return { loss };
  };
}

/** The losses of some steps, and every weight after them. */
function trained(model: BareModel, training: boolean, traced: boolean): number[][] {
  const batch = model.batch(examples(model, COUNT));
  const { a, b, c } = batch.targets;
  const rate = tf.scalar(0.05);
  const inputs = { x: batch.inputs, a: a.values, b: b.values, c: c.values, rate };
  const state = model.network.weights.map((weight) => weight.read() as tf.Variable);
  const step = stepOf(model, training);
  let runs = 0;
  const train = (given: typeof inputs) => {
    runs++;
    return step(given);
  };
  const program = engine.program({ state, entries: { train }, traced });
  const losses = Array.from({ length: 4 }, (_, call) => {
    const before = runs;
    const { loss } = program.entries.train(inputs);
    // Once traced, nothing of the strategy runs in JavaScript.
    if (traced && call > 0) expect(runs).toBe(before);
    const value = loss.dataSync()[0];
    loss.dispose();
    return value;
  });
  program.dispose();
  tf.dispose([rate, batch.inputs, ...[a, b, c].flatMap(({ values, mask }) => [values, mask])]);
  return [losses, ...state.map((variable) => Array.from(variable.dataSync()))];
}

describe.skipIf(missing !== undefined)('traced on native TensorFlow, a training step', () => {
  test.each(Object.keys(strategies))('gives the losses and weights of eager steps: %s', (name) => {
    // Learned branches draw in training, and a graph draws other numbers than JavaScript.
    const training = name !== 'learned branches';
    const [eager, traced] = [false, true].map((graph) =>
      trained(bareModel(strategies[name]), training, graph),
    );
    // The inverse root behind a trace norm has a condition of a thousand, by which rounding grows.
    expect(difference(traced, eager)).toBeLessThan(name === 'soft by trace norm' ? 1e-4 : 1e-5);
    expect(eager[0][3]).not.toBe(eager[0][0]);
  });
});
