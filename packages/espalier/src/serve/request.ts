import type { IncomingMessage } from 'node:http';
import { type InputShape, messageOf } from '@espalier/core';
import type { ReadInput } from '../read-input.js';
import { Refusal } from './refusal.js';

/** The kinds of bodies that are a file. */
export const fileTypes = ['image/*', 'audio/*', 'text/plain', 'application/octet-stream'];

/** What a request may ask about. */
export interface Accepted {
  /** The shape of an input. */
  readonly shape: InputShape;
  readonly maxInstances: number;
  /** How files become inputs; without it, only lists of numbers are taken. */
  readonly read: ReadInput | undefined;
}

/**
 * The inputs of a request: the one whose file is the body; or those of the instances in JSON, as TensorFlow Serving's
 * REST interface has them.
 *
 * @throws Refusal when it holds no inputs, too many, or the body is of another kind.
 */
export async function inputsOf(
  body: Uint8Array,
  { headers }: Pick<IncomingMessage, 'headers'>,
  accepted: Accepted,
): Promise<Float32Array[]> {
  const type = headers['content-type']?.split(';')[0].trim().toLowerCase() ?? 'none';
  if (type === 'application/json') {
    const instances = instancesOf(body, accepted.maxInstances);
    return Promise.all(
      instances.map((instance, index) => inputOf(instance, `instances[${index}]`, accepted)),
    );
  }
  if (fileTypes.includes(type) || fileTypes.includes(type.replace(/\/.*/, '/*'))) {
    return [await readFileOf(body, 'The body', accepted)];
  }
  const taken = ['application/json', ...(accepted.read ? fileTypes : [])].join(', ');
  throw new Refusal(415, `The content type is ${type}; expected one of ${taken}.`);
}

function instancesOf(body: Uint8Array, maxInstances: number): readonly unknown[] {
  let parsed: unknown;
  try {
    parsed = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body));
  } catch (cause) {
    throw new Refusal(400, `The body is no JSON: ${messageOf(cause)}.`);
  }
  const { instances, ...others } = Object(parsed) as { readonly instances?: unknown };
  if (!Array.isArray(instances) || Object.keys(others).length > 0) {
    throw new Refusal(400, 'The body is not { "instances": [ … ] }.');
  }
  if (instances.length === 0) throw new Refusal(400, 'There are no instances; send at least one.');
  if (instances.length <= maxInstances) return instances;
  throw new Refusal(413, `There are ${instances.length} instances; send at most ${maxInstances} at once.`);
}

async function inputOf(instance: unknown, where: string, accepted: Accepted): Promise<Float32Array> {
  if (Array.isArray(instance)) return numbersIn(instance, where, accepted.shape.length);
  if (typeof instance === 'string') return readFileOf(new TextEncoder().encode(instance), where, accepted);
  const { b64, ...others } = Object(instance) as { readonly b64?: unknown };
  if (typeof b64 === 'string' && Object.keys(others).length === 0) {
    return readFileOf(Buffer.from(b64, 'base64'), where, accepted);
  }
  throw new Refusal(
    400,
    `${where} is neither a list of numbers, nor a text, nor { "b64": … } with a file in base64.`,
  );
}

async function readFileOf(bytes: Uint8Array, where: string, { read }: Accepted): Promise<Float32Array> {
  if (read === undefined)
    throw new Refusal(400, `${where} is a file; this network takes lists of numbers only.`);
  try {
    return await read(bytes);
  } catch (cause) {
    throw new Refusal(400, `${where} cannot be read: ${messageOf(cause)}.`);
  }
}

/** Numbers one after another, or in lists as deep as the input shape. */
function numbersIn(list: readonly unknown[], where: string, depth: number): Float32Array {
  const numbers: number[] = [];
  const collect = (items: readonly unknown[], deep: number): void => {
    for (const item of items) {
      if (typeof item === 'number') numbers.push(item);
      else if (Array.isArray(item) && deep < depth) collect(item, deep + 1);
      else
        throw new Refusal(
          400,
          `${where} is no list of numbers: it holds ${JSON.stringify(item).slice(0, 40)}.`,
        );
    }
  };
  collect(list, 1);
  return Float32Array.from(numbers);
}
