import { multiTaskModel } from '@espalier/core';
import { branchedSharing, diagram, hardSharing, mmoe, summary, taskCosts } from '@espalier/sharing';
import * as tf from '@tensorflow/tfjs-core';
import { DOMParser } from 'linkedom';
import { expect, test } from 'vitest';
import { bare, bareModel, own, separate } from '../models.js';
import { denseTrunk, modelTrunk, trunks } from '../trunks.js';

const branched = branchedSharing({ forks: { high: [['a', 'c'], ['b']] } });

test('a task is told what it needs, alone and shared', async () => {
  const before = tf.memory().numTensors;
  const model = bareModel(branched);
  const composed = tf.memory().numTensors;
  const costs = await taskCosts(model);
  expect(tf.memory().numTensors).toBe(composed);
  expect(composed).toBeGreaterThan(before);
  // low: 3 × 4 + 4 weights, high: 4 × 2 + 2.
  expect(costs.get('a')).toEqual({ parameters: 26, own: 0, multiplyAdds: 20 });
  expect(costs.get('b')).toEqual({ parameters: 26, own: 10, multiplyAdds: 20 });
});

test('multiply-adds are those of the layers in the arithmetic books', async () => {
  const needed = async (trunk: typeof denseTrunk) =>
    (await taskCosts(bareModel(hardSharing(), trunk))).get('a')!.multiplyAdds;
  // 3 × 3 filters: 6 × 6 positions from 2 to 4 channels, then 2 × 2 positions from 4 to 4.
  expect(await needed(trunks['a small CNN'])).toBe(36 * 9 * 2 * 4 + 4 * 9 * 4 * 4);
  expect(await needed(modelTrunk)).toBe(2 * 36 * 9 * 2 * 2);
  // Six projections of 4 tokens and two products of 4 × 4 scores, in two layers.
  expect(await needed(trunks['a Transformer encoder'])).toBe(2 * (6 * 4 * 16 + 2 * 16 * 4));
  // Four gates of 4 steps, from the input and from the state.
  expect(await needed(trunks['an LSTM'])).toBe(4 * 4 * (3 * 4 + 4 * 4) + 4 * 4 * (4 * 4 + 4 * 4));
  // Two experts and a gate over 3 inputs.
  const mixed = await taskCosts(bareModel(mmoe({ experts: 2 })));
  expect(mixed.get('c')!.multiplyAdds).toBe(2 * 20 + 3 * 2);
});

test('the summary is the tree of the layers with the tasks that they serve', async () => {
  expect((await summary(bareModel(branched))).replace(/input\d+/, 'input')).toBe(
    [
      `sharing: ${branched.kind}, 36 parameters`,
      'a, b, c',
      '  input [batch, 3] 0',
      '  low [batch, 4] 16',
      '  a, c',
      '    high/a/c [batch, 2] 10',
      '    a',
      '      a/flat [batch, 2] 0',
      '    c',
      '      c/flat [batch, 2] 0',
      '  b',
      '    b/high [batch, 2] 10',
      '    b/flat [batch, 2] 0',
      'a: 26 parameters (0 its own), 20 multiply-adds',
      'b: 26 parameters (10 its own), 20 multiply-adds',
      'c: 26 parameters (0 its own), 20 multiply-adds',
    ].join('\n'),
  );
});

test('the diagram has an arrow for all that goes into another layer', () => {
  const lines = diagram(bareModel(branched)).mermaid.split('\n');
  expect(lines[0]).toBe('flowchart TD');
  const id = (name: string) => lines.find((line) => line.includes(`"${name}"`))!.match(/n\d+/)![0];
  const arrows = lines.filter((line) => line.includes('-->'));
  for (const [from, to] of [
    ['low', 'high/a/c'],
    ['low', 'b/high'],
    ['high/a/c', 'a/flat'],
    ['high/a/c', 'c/flat'],
    ['b/high', 'b/flat'],
  ]) {
    expect(arrows).toContain(`  ${id(from)} --> ${id(to)}`);
  }
  expect(arrows).toHaveLength(6);
  expect(lines.some((line) => line.endsWith('("b/high")'))).toBe(true);
  expect(lines.some((line) => line.endsWith('["low"]'))).toBe(true);
  expect(diagram(bareModel(separate)).mermaid.match(/-->/g)).toHaveLength(9);
});

test('the SVG has a box a layer, an arrow an edge, and boxes do not overlap', () => {
  for (const sharing of [branched, hardSharing(), mmoe({ experts: 3 })]) {
    const { mermaid, svg } = diagram(bareModel(sharing));
    const document = new DOMParser().parseFromString(svg, 'image/svg+xml');
    const boxes = [...document.querySelectorAll('g > g > rect')].map((rect) =>
      ['x', 'y', 'width', 'height'].map((name) => Number(rect.getAttribute(name))),
    );
    expect(boxes).toHaveLength(mermaid.match(/"/g)!.length / 2);
    expect(document.querySelectorAll('g > path')).toHaveLength(mermaid.match(/-->/g)!.length);
    const [, , width, height] = document.documentElement.getAttribute('viewBox')!.split(' ').map(Number);
    for (const [index, [x, y, w, h]] of boxes.entries()) {
      expect(x >= 0 && y >= 0 && x + w <= width && y + h <= height).toBe(true);
      for (const [otherX, otherY, otherW, otherH] of boxes.slice(index + 1)) {
        expect(x + w <= otherX || otherX + otherW <= x || y + h <= otherY || otherY + otherH <= y).toBe(true);
      }
    }
  }
});

test('tasks with inputs of their own have costs, a summary and a diagram', async () => {
  const model = own(
    multiTaskModel({
      inputShape: { a: [3], b: [3], c: [3] },
      trunk: denseTrunk.trunk,
      sharing: hardSharing(),
      heads: { a: bare, b: bare, c: bare },
      seed: 1,
    }),
  );
  expect((await taskCosts(model)).get('b')).toEqual({ parameters: 26, own: 0, multiplyAdds: 20 });
  expect(await summary(model)).toContain('low [batch, 4] 16');
  expect(diagram(model).mermaid.match(/"low"/g)).toHaveLength(1);
  expect(diagram(model).mermaid.match(/-->/g)).toHaveLength(3 + 1 + 3);
});
