import { expect, test } from 'vitest';
import { dropUnusedReads } from '../src/program/drop-unused-reads.js';
import type { GraphNode } from '../src/program/saved-model.js';

const node = (name: string, op: string, ...inputs: string[]): GraphNode => ({
  name,
  op,
  inputs,
  attributes: {},
});

const state = [node('state0', 'VarHandleOp'), node('state0/read', 'ReadVariableOp', 'state0')];
const update = node('e/update', 'ResourceApplyAdam', 'state0', 'e/gradient', '^state0/read');
const after = node('e/read', 'ReadVariableOp', 'state0', '^e/update');

function inputsOf(nodes: readonly GraphNode[], name: string): readonly string[] {
  return dropUnusedReads(nodes).find((node) => node.name === name)!.inputs;
}

test('a value that the entry uses is read before it changes', () => {
  const user = node('e/gradient', 'Square', 'state0/read');
  expect(inputsOf([...state, user, update], 'e/update')).toEqual(['state0', 'e/gradient', '^state0/read']);
});

test('a change does not wait for a value that nothing in its entry uses', () => {
  const other = node('other/square', 'Square', 'state0/read');
  expect(inputsOf([...state, other, update], 'e/update')).toEqual(['state0', 'e/gradient']);
});

test('what waited for the value after a change waits for the change, once', () => {
  const done = node('e/done', 'Identity', 'constant', '^e/read', '^e/update');
  expect(inputsOf([...state, update, after, done], 'e/done')).toEqual(['constant', '^e/update']);
  const again = node('e/again', 'AssignVariableOp', 'state0', 'x', '^e/read');
  const user = node('e/user', 'Square', 'e/read');
  expect(inputsOf([...state, update, after, again], 'e/again')).toEqual(['state0', 'x', '^e/update']);
  expect(inputsOf([...state, update, after, again, user], 'e/again')).toEqual(['state0', 'x', '^e/read']);
});
