import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FileError, tensorBoard } from '@espalier/trainer/node';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { scalarEvent, versionEvent } from '../src/tensor-board/event-file.js';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'espalier-tensor-board-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

test('event files are byte for byte those of TensorBoard', () => {
  // TensorBoard 2.21.0: RecordWriter, and Event of tensorboard.compat.proto.
  const reference =
    '1800000000000000a37f4b220900001040fc54d9411a0d627261696e2e4576656e743a32338d2fe9' +
    '4500000000000000ebe668b00900006040fc54d94110ac022a370a100a096c6f73732f7369646515' +
    '0000403f0a230a1c6772616469656e7420636f73696e652f73696465204772c3b6c39f6515000000bfbf5e7af4';
  const scalars = [
    { tag: 'loss/side', value: 0.75 },
    { tag: 'gradient cosine/side Größe', value: -0.5 },
  ];
  const bytes = [versionEvent(1700000000.25), scalarEvent(1700000001.5, 300, scalars)];
  expect(Buffer.concat(bytes).toString('hex')).toBe(reference);
});

const record = (step: number) => ({
  step,
  steps: 10,
  epoch: 1,
  epochs: 1,
  losses: { side: 1 / step, distance: 2 },
  weights: { side: 1, distance: 1 },
  gramian: [Float64Array.of(4, -2), Float64Array.of(-2, 4)],
});

/** The tags of a file in order, found by their text: a record holds it as it is. */
const written = () => readFileSync(join(folder, 'run', readdirSync(join(folder, 'run'))[0]), 'latin1');

test('a training is written: losses, weights, cosines and metrics, each with its task', () => {
  const watcher = tensorBoard(join(folder, 'run'));
  watcher.begin?.(['side', 'distance']);
  for (let step = 1; step <= 3; step++) watcher.step(record(step));
  watcher.metrics?.(3, { side: { accuracy: 0.5 } });
  watcher.end();
  const text = written();
  for (const tag of [
    'loss/side',
    'loss/distance',
    'weight/side',
    'gradient cosine/side distance',
    'metric/side/accuracy',
  ]) {
    expect(text).toContain(tag);
  }
  expect(text.split('loss/side')).toHaveLength(4);
});

test('every start is a file of its own, and a run goes on in its folder', () => {
  for (let start = 0; start < 3; start++) tensorBoard(join(folder, 'run')).end();
  const names = readdirSync(join(folder, 'run'));
  expect(names).toHaveLength(3);
  for (const name of names) expect(name).toMatch(/^events\.out\.tfevents\.\d{10}\./);
});

test('a folder that cannot be written is an error that names it', () => {
  writeFileSync(join(folder, 'file'), '');
  expect(() => tensorBoard(join(folder, 'file', 'run'))).toThrow(FileError);
  const watcher = tensorBoard(join(folder, 'run'));
  rmSync(join(folder, 'run'), { recursive: true });
  expect(() => watcher.step(record(1))).toThrow(/call its `begin` before the first step/);
  watcher.begin?.(['side', 'distance']);
  watcher.step(record(1));
  expect(() => watcher.end()).toThrow(/events\.out\.tfevents.*cannot be written: ENOENT/);
});
