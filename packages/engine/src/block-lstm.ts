import * as tf from '@tensorflow/tfjs-core';
import { type Attribute, type Binding, dataTypes, nativeBackend } from './program/binding.js';

/** An operation of TensorFlow on a whole LSTM, whose first input is the number of times, an integer of 64 bits. */
interface BlockOperation {
  readonly name: string;
  /** Its other inputs in their order. */
  readonly inputs: readonly string[];
  readonly outputs: number;
  attributes(binding: Binding): Attribute[];
}

const given = ['x', 'cs_prev', 'h_prev', 'w', 'wci', 'wcf', 'wco', 'b'];
const computed = ['i', 'cs', 'f', 'o', 'ci', 'co', 'h'];

const operations: readonly BlockOperation[] = [
  {
    name: 'BlockLSTM',
    inputs: given,
    outputs: computed.length,
    attributes: ({ TF_ATTR_FLOAT, TF_ATTR_BOOL }) => [
      { name: 'forget_bias', type: TF_ATTR_FLOAT, value: 0 },
      // Below 0 nothing is clipped.
      { name: 'cell_clip', type: TF_ATTR_FLOAT, value: -1 },
      { name: 'use_peephole', type: TF_ATTR_BOOL, value: false },
    ],
  },
  {
    name: 'BlockLSTMGrad',
    inputs: [...given, ...computed, 'cs_grad', 'h_grad'],
    outputs: given.length,
    attributes: ({ TF_ATTR_BOOL }) => [{ name: 'use_peephole', type: TF_ATTR_BOOL, value: false }],
  },
];

/**
 * Registers TensorFlow's `BlockLSTM` and `BlockLSTMGrad` as kernels of native, with the names and shapes that they have
 * there: an LSTM over all times is one operation, where one that is written out has twenty a time. Nothing is clipped,
 * there are no peepholes (`wci`, `wcf` and `wco` are not looked at), and nothing is added to the forget gate's bias.
 * The gates in `w` and `b` are input, candidate, forget, output.
 */
export function registerBlockLstm(): void {
  for (const operation of operations) register(operation);
}

function register({ name, inputs, outputs, attributes }: BlockOperation): void {
  if (tf.getKernel(name, 'tensorflow') !== undefined) return;
  tf.registerKernel({
    kernelName: name,
    backendName: 'tensorflow',
    kernelFunc({ inputs: tensors }) {
      const backend = nativeBackend()!;
      const { binding } = backend;
      const ids = backend.getInputTensorIds(inputs.map((input) => tensors[input] as tf.Tensor));
      const type = (attribute: string, value: number) => ({
        name: attribute,
        type: binding.TF_ATTR_TYPE,
        value,
      });
      const times = tf.tidy(() => {
        const [own] = backend.getInputTensorIds([tf.scalar(tensors.x!.shape[0]!, 'int32')]);
        const types = [type('SrcT', dataTypes.int32), type('DstT', dataTypes.int64)];
        return binding.executeOp('Cast', types, [own!], 1)[0]!.id;
      });
      try {
        return binding
          .executeOp(name, [type('T', dataTypes.float32), ...attributes(binding)], [times, ...ids], outputs)
          .map((metadata) => backend.createOutputTensor(metadata));
      } finally {
        binding.deleteTensor(times);
      }
    },
  });
}
