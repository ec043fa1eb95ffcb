import type { DataType } from './binding.js';
import { Message } from './wire.js';

/** The value of an operation's attribute; a list's items are all of one kind. */
export type AttributeValue =
  | { readonly kind: 'string'; readonly value: string }
  | { readonly kind: 'int' | 'float' | 'type'; readonly value: number }
  | { readonly kind: 'bool'; readonly value: boolean }
  | { readonly kind: 'shape'; readonly value: readonly number[] | 'unknown' }
  | { readonly kind: 'tensor'; readonly value: TensorValue }
  | { readonly kind: 'list'; readonly value: readonly AttributeValue[] };

export interface TensorValue {
  readonly dtype: DataType;
  readonly shape: readonly number[];
  /** The values one after another, little-endian. */
  readonly content: Uint8Array;
}

/** A node of a TensorFlow graph. */
export interface GraphNode {
  readonly name: string;
  readonly op: string;
  /** `node:index` is a tensor, `^node` something that must have run before. */
  readonly inputs: readonly string[];
  readonly attributes: Readonly<Record<string, AttributeValue>>;
  /** Where it runs; TensorFlow's choice unless given. */
  readonly device?: string;
}

/** The name of the node that an input, `node:index` or `^node`, belongs to. */
export function nodeOf(input: string): string {
  return input.replace(/^\^|:\d+$/g, '');
}

/** Whether an input is only something that must have run before. */
export function isControl(input: string): boolean {
  return input.startsWith('^');
}

/** The entry that a node belongs to, which its name begins with. */
export function entryOf(name: string): string {
  return name.split('/')[0]!;
}

export function isTrue(value: AttributeValue | undefined): boolean {
  return value?.kind === 'bool' && value.value;
}

/** A tensor of the graph under a name that its users know. */
export interface SignatureTensor {
  readonly tensor: string;
  readonly dtype: DataType;
  readonly shape: readonly number[];
}

export interface Signature {
  readonly inputs: Readonly<Record<string, SignatureTensor>>;
  readonly outputs: Readonly<Record<string, SignatureTensor>>;
}

/** The version that TensorFlow 2.9 wrote: as old as any TensorFlow that tfjs-node has been built against. */
const producer = 1087;

/**
 * A SavedModel without variables of its own, as the bytes of its `saved_model.pb`.
 *
 * The field numbers are those of tensorflow/core/protobuf/{saved_model,meta_graph}.proto and
 * tensorflow/core/framework/{graph,node_def,attr_value,tensor,tensor_shape}.proto.
 */
export function encodeSavedModel(
  nodes: readonly GraphNode[],
  signatures: Readonly<Record<string, Signature>> = {},
): Uint8Array {
  const metaInfo = new Message().string(4, 'serve');
  const metaGraph = new Message().message(1, metaInfo).message(2, graphDef(nodes));
  for (const [name, signature] of Object.entries(signatures)) {
    metaGraph.entry(5, name, signatureDef(signature));
  }
  return new Message().varint(1, 1).message(2, metaGraph).finish();
}

/** A graph alone, as the bytes of a `GraphDef`. */
export function encodeGraph(nodes: readonly GraphNode[]): Uint8Array {
  return graphDef(nodes).finish();
}

function graphDef(nodes: readonly GraphNode[]): Message {
  const graph = new Message();
  for (const node of nodes) graph.message(1, nodeDef(node));
  return graph.message(4, new Message().varint(1, producer).varint(2, 12));
}

function nodeDef({ name, op, inputs, attributes, device }: GraphNode): Message {
  const message = new Message().string(1, name).string(2, op);
  for (const input of inputs) message.string(3, input);
  if (device !== undefined) message.string(4, device);
  for (const [key, value] of Object.entries(attributes)) message.entry(5, key, attrValue(value));
  return message;
}

function attrValue(attribute: AttributeValue): Message {
  const message = new Message();
  if (attribute.kind !== 'list') return scalar(message, attribute);
  // AttrValue.ListValue numbers its fields as AttrValue does.
  return message.message(
    1,
    attribute.value.reduce((list, item) => scalar(list, item), new Message()),
  );
}

function scalar(message: Message, attribute: AttributeValue): Message {
  switch (attribute.kind) {
    case 'string':
      return message.string(2, attribute.value);
    case 'int':
      return message.varint(3, attribute.value);
    case 'float':
      return message.float(4, attribute.value);
    case 'bool':
      return message.varint(5, attribute.value);
    case 'type':
      return message.varint(6, attribute.value);
    case 'shape':
      return message.message(7, shapeProto(attribute.value));
    case 'tensor':
      return message.message(8, tensorProto(attribute.value));
    case 'list':
      throw new Error('unreachable: TensorFlow has no lists of lists');
  }
}

function shapeProto(shape: readonly number[] | 'unknown'): Message {
  if (shape === 'unknown') return new Message().varint(3, true);
  return shape.reduce((message, size) => message.message(2, new Message().varint(1, size)), new Message());
}

function tensorProto({ dtype, shape, content }: TensorValue): Message {
  return new Message().varint(1, dtype).message(2, shapeProto(shape)).bytes(4, content);
}

function signatureDef({ inputs, outputs }: Signature): Message {
  const message = new Message();
  for (const [name, tensor] of Object.entries(inputs)) message.entry(1, name, tensorInfo(tensor));
  for (const [name, tensor] of Object.entries(outputs)) message.entry(2, name, tensorInfo(tensor));
  return message.string(3, 'tensorflow/serving/predict');
}

function tensorInfo({ tensor, dtype, shape }: SignatureTensor): Message {
  return new Message().string(1, tensor).varint(2, dtype).message(3, shapeProto(shape));
}
