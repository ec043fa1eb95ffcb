import { PassThrough } from 'node:stream';
import { consoleProgress } from '@espalier/trainer/node';
import { expect, test } from 'vitest';

function shown(isTTY: boolean): string {
  const stream = Object.assign(new PassThrough(), {
    isTTY,
    cursorTo() {},
    clearLine() {},
    moveCursor() {},
    columns: 100,
  });
  const progress = consoleProgress('multi-task', stream as unknown as NodeJS.WriteStream);
  for (let step = 1; step <= 10; step++) {
    progress.step({
      step,
      steps: 10,
      epoch: Math.ceil(step / 5),
      epochs: 2,
      losses: { side: 1 / step, distance: 2 },
      weights: { side: 1, distance: 1 },
    });
  }
  progress.end();
  return stream.read()?.toString() ?? '';
}

test('without a terminal it is one line an epoch', () => {
  const lines = shown(false).trim().split('\n');
  expect(lines).toHaveLength(2);
  expect(lines[0]).toMatch(/^multi-task: epoch 1 of 2, 5 steps, \d+ s, side \d\.\d{3} · distance 2\.000$/);
  expect(lines[1]).toMatch(/epoch 2 of 2/);
});

test('on a terminal it is a bar with rate, time left and losses', () => {
  expect(shown(true)).toMatch(/multi-task .*10\/10 steps · [\d.]+ steps\/s · .* left · side/);
});
