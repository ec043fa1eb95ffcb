import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { InputError } from '@espalier/core';
import { afterAll, describe, expect, test } from 'vitest';
import { runExample } from '../../../vitest.example.js';
import { movedExamples, plainExamples } from '../src/examples.js';
import { compose, heads, MELS, WINDOW } from '../src/network.js';
import { isTest, isValidation, type Recording } from '../src/recordings.js';

const folder = mkdtempSync(join(tmpdir(), 'espalier-spoken-digits-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** Frames that count up, so that it shows where each went. */
const recording = (frames: number, speaker = 'theo'): Recording => ({
  digit: 3,
  speaker,
  take: 9,
  frames,
  values: Float32Array.from({ length: frames * MELS }, (_, at) => 1 + Math.floor(at / MELS)),
});
const firstBands = (input: Float32Array) => Array.from({ length: WINDOW }, (_, frame) => input[frame * MELS]);
const loud = (input: Float32Array) => firstBands(input).filter((value) => value > 2).length;

describe('a recording in its second', () => {
  test('a short one is in the middle, whole, with silence around it', () => {
    const { input, labels } = plainExamples([recording(10)]).at(0);
    const bands = firstBands(input);
    expect(bands.findIndex((value) => value > 2)).toBe(44);
    expect(loud(input)).toBe(10);
    expect(labels).toEqual({ digit: 3, speaker: 4 });
  });

  test('of a long one, the middle is left', () => {
    const bands = firstBands(plainExamples([recording(WINDOW + 20)]).at(0).input);
    // Frame 10 counts 11.
    expect(bands[0] * 3.5 - 9.5).toBeCloseTo(11, 4);
    expect(loud(plainExamples([recording(WINDOW + 20)]).at(0).input)).toBe(WINDOW);
  });

  test('to learn from, it is whole, somewhere else in every epoch, and the same for a seed', () => {
    const data = movedExamples([recording(10)], 1);
    const places = [0, 1, 2, 3, 4].map((epoch) =>
      firstBands(data.at(0, epoch).input).findIndex((value) => value > 2),
    );
    expect(new Set(places).size).toBeGreaterThan(2);
    expect(data.at(0, 3).input).toEqual(movedExamples([recording(10)], 1).at(0, 3).input);
    for (const epoch of [0, 1, 2, 3]) expect(loud(data.at(0, epoch).input)).toBe(10);
    for (const epoch of [0, 1])
      expect(loud(movedExamples([recording(150)], 1).at(0, epoch).input)).toBe(WINDOW);
  });

  test('an unknown speaker is refused by name', () => {
    expect(() => plainExamples([recording(10, 'nobody')]).at(0)).toThrow(InputError);
    expect(() => plainExamples([recording(10, 'nobody')]).at(0)).toThrow(/"nobody" is none of george/);
  });
});

test('no take is in two parts', () => {
  const takes = Array.from({ length: 20 }, (_, take) => ({ take }));
  expect(takes.filter(isTest).map(({ take }) => take)).toEqual([0, 1, 2, 3, 4]);
  expect(takes.filter((take) => isTest(take) && isValidation(take))).toEqual([]);
});

test('the network hears one second, for both tasks', async () => {
  const model = compose(heads, 1);
  const inputs = model.stack([new Float32Array(WINDOW * MELS)]);
  const { digit, speaker } = await model.predict(inputs);
  expect(digit[0].probabilities).toHaveLength(10);
  expect(speaker[0].probabilities).toHaveLength(6);
  inputs.dispose();
  model.dispose();
});

const run = (environment: Record<string, string>, ...args: string[]) =>
  runExample(folder, ['spoken-digits', ...args], environment);

test('without the recordings, it says where they are to be had', () => {
  const { status, stderr } = run({ ESPALIER_DATA: '/nowhere' }, '--engine', 'wasm', '--quick');
  expect(stderr).toMatch(/no folder \/nowhere\/fsdd\/recordings.*git clone https/);
  expect(status).toBe(1);
}, 300_000);

describe.skipIf(process.env.ESPALIER_DATA === undefined)(
  'pnpm example spoken-digits --quick, with ESPALIER_DATA',
  () => {
    test('writes figures, report and weights', () => {
      const { status, stderr } = run({}, '--engine', 'wasm', '--quick', '--json', 'out.json');
      expect(stderr).not.toMatch(/Error/);
      expect(status).toBe(0);
      const { tasks } = JSON.parse(readFileSync(join(folder, 'out.json'), 'utf8'));
      expect(Object.keys(tasks)).toEqual(['digit', 'speaker']);
      const [only] = readdirSync(join(folder, 'runs'));
      expect(readdirSync(join(folder, 'runs', only)).sort()).toEqual(['model.safetensors', 'report.html']);
      expect(readFileSync(join(folder, 'runs', only, 'report.html'), 'utf8')).toContain('id="mistakes"');
    }, 300_000);
  },
);
