import { Message } from './wire.js';

const on = 1;
const off = 2;

/**
 * `GraphOptions`: how TensorFlow plans a graph. It fuses operations, once, and on a GPU finds their layout; its other passes
 * find nothing in a trace, take most of the time of planning it, and make no step faster.
 *
 * The field numbers are those of tensorflow/core/protobuf/{config,rewriter_config}.proto.
 */
export function graphOptions(): Message {
  const noMemoryOptimization = 1;
  const once = 1;
  const rewriting = new Message()
    .varint(3, off) // constant_folding
    .varint(4, noMemoryOptimization)
    .varint(7, off) // arithmetic_optimization
    .varint(8, off) // dependency_optimization
    .varint(9, off) // loop_optimization
    .varint(10, off) // function_optimization
    .varint(12, once) // meta_optimizer_iterations
    .varint(13, off) // shape_optimization
    .varint(14, on) // remapping
    .varint(22, off) // implementation_selector
    .varint(24, off); // common_subgraph_elimination
  return new Message().message(10, rewriting);
}
