import { expect, test } from 'vitest';
import { packTransfers } from '../src/cluster/pack.js';
import { dataTypes } from '../src/program/binding.js';
import { type GraphNode, nodeOf } from '../src/program/saved-model.js';

const server = '/job:ps/replica:0/task:0/device:CPU:0';
const worker = (index: number) => `/job:worker/replica:0/task:${index}`;

const node = (name: string, device: string, inputs: readonly string[] = []): GraphNode => ({
  name,
  op: 'Identity',
  inputs,
  attributes: { T: { kind: 'type', value: dataTypes.float32 } },
  device,
});

/** Tensors that cross from one machine to another: from which node, to which machine. */
function crossings(nodes: readonly GraphNode[]): string[] {
  const machineOf = (device: string | undefined) => device?.split('/device:')[0];
  const machines = new Map(nodes.map(({ name, device }) => [name, machineOf(device)]));
  const found = nodes.flatMap(({ inputs, device }) =>
    inputs
      .filter((input) => machines.get(nodeOf(input)) !== machineOf(device))
      .map((input) => `${input} to ${machineOf(device)}`),
  );
  return [...new Set(found)];
}

const weights = [node('kernel', server), node('bias', server), node('large', server)];
const shapes = new Map([
  ['kernel', [3, 4]],
  ['bias', []],
  ['large', [1000, 1000]],
]);

test('small tensors go to a machine as one, large ones alone', () => {
  const copies = [0, 1].map((index) =>
    node(`copy${index}`, worker(index), ['kernel', 'bias', 'large', 'kernel']),
  );
  const packed = packTransfers([...weights, ...copies], shapes, 'entry0');
  expect(crossings(packed)).toHaveLength(4);
  for (const { name } of copies) {
    const [kernel, bias, large, again] = packed.find((one) => one.name === name)?.inputs ?? [];
    expect([kernel, large]).toEqual([again, 'large']);
    expect(kernel).not.toBe(bias);
  }
  expect(new Set(packed.map(({ name }) => name)).size).toBe(packed.length);
});

test('what is alone, of unknown shape or at home, stays as it is', () => {
  const nodes = [
    ...weights,
    node('other', server),
    node('copy', worker(0), ['bias', 'other']),
    node('here', server, ['kernel', 'bias']),
  ];
  expect(packTransfers(nodes, shapes, 'entry0')).toEqual(nodes);
});
