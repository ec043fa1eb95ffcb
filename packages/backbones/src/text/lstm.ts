import { unstackTokens } from '@espalier/core';
import * as tf from '@tensorflow/tfjs-core';

/** What an LSTM has learned. The gates are input, forget, output, candidate. */
export interface LstmWeights {
  /** [channels, 4 · units] */
  readonly kernel: tf.Tensor2D;
  /** [units, 4 · units] */
  readonly recurrent: tf.Tensor2D;
  /** [4 · units] */
  readonly bias: tf.Tensor1D;
}

/**
 * An LSTM from the first token to the last, from features [batch, tokens, channels] to its outputs
 * [batch, tokens, units].
 *
 * On native TensorFlow it is one operation, and its gradient another: written out it is twenty a token, which a program
 * has to be traced and planned with anew for every length.
 */
export function lstm(features: tf.Tensor3D, weights: LstmWeights): tf.Tensor3D {
  const isOneOperation = tf.getKernel('BlockLSTM', tf.getBackend()) !== undefined;
  return isOneOperation ? inOnePiece(features, weights) : writtenOut(features, weights);
}

function writtenOut(features: tf.Tensor3D, { kernel, recurrent, bias }: LstmWeights): tf.Tensor3D {
  const [batch, tokens, channels] = features.shape;
  const [units] = recurrent.shape;
  // What the input says to the gates does not wait for the memory: one product for all tokens.
  const said = tf.add(tf.matMul(tf.reshape(features, [batch * tokens, channels]), kernel), bias);
  let output: tf.Tensor = tf.zeros([batch, units]);
  let memory: tf.Tensor = tf.zeros([batch, units]);
  const outputs = unstackTokens(tf.reshape(said, [batch, tokens, 4 * units])).map((own) => {
    const sums = tf.add(own, tf.matMul(output as tf.Tensor2D, recurrent));
    const [gates, candidate] = tf.split(sums, [3 * units, units], 1);
    const [input, forget, show] = tf.split(tf.sigmoid(gates), 3, 1);
    memory = tf.add(tf.mul(forget, memory), tf.mul(input, tf.tanh(candidate)));
    output = tf.mul(show, tf.tanh(memory));
    return output;
  });
  return tf.stack(outputs, 1) as tf.Tensor3D;
}

function inOnePiece(features: tf.Tensor3D, { kernel, recurrent, bias }: LstmWeights): tf.Tensor3D {
  // TensorFlow has times first, one matrix for input and output, and the gates in another order.
  const gates = (weights: tf.Tensor) => {
    const [input, forget, show, candidate] = tf.split(weights, 4, -1);
    return tf.concat([input, candidate, forget, show], -1);
  };
  const outputs = blockLstm(
    tf.transpose(features, [1, 0, 2]),
    gates(tf.concat([kernel, recurrent], 0)),
    gates(bias),
  );
  return tf.transpose(outputs, [1, 0, 2]) as tf.Tensor3D;
}

type Kernel = Parameters<ReturnType<typeof tf.engine>['runKernel']>;

/** TensorFlow's own, from [tokens, batch, channels] to [tokens, batch, units]. */
const blockLstm = tf.customGrad((...inputs) => {
  const [x, w, b] = inputs as tf.Tensor[];
  const save = inputs[3] as tf.GradSaveFunc;
  const [, batch, channels] = x.shape;
  const units = w.shape[0] - channels;
  const run = (name: string, tensors: Kernel[1]): tf.Tensor[] => {
    const empty = tf.fill([batch, units], 0);
    const unused = tf.fill([units], 0);
    const former = { cs_prev: empty, h_prev: empty, wci: unused, wcf: unused, wco: unused };
    return tf.engine().runKernel(name, { x, w, b, ...former, ...tensors });
  };
  const [i, cs, f, o, ci, co, h] = run('BlockLSTM', {});
  save([x, w, b, i, cs, f, o, ci, co, h]);
  return {
    value: h,
    gradFunc(towards, [x, w, b, i, cs, f, o, ci, co, h]) {
      const known = { x, w, b, i, cs, f, o, ci, co, h, cs_grad: tf.zerosLike(cs), h_grad: towards };
      const [ofX, , , ofW, , , , ofB] = run('BlockLSTMGrad', known);
      return [ofX, ofW, ofB];
    },
  };
});
