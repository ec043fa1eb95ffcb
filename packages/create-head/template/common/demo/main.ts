import { multiTaskModel } from '@espalier/core';
import * as engine from '@espalier/engine';
import { sum } from '@espalier/losses';
import { hardSharing } from '@espalier/sharing';
import { adamW, evaluate, fit, predict, warmupCosine } from '@espalier/trainer';
import { consoleProgress } from '@espalier/trainer/node';
import { describe, head, heldOut, inputShape, train, trunk } from './task.js';

await engine.use('auto');
const model = multiTaskModel({
  inputShape,
  trunk,
  sharing: hardSharing(),
  heads: { task: head }, // a second task is one more line here, and one more label in the examples
  seed: 1,
});

console.log('Untrained:', (await evaluate(model, heldOut, { batchSize: 100 })).task);
const progress = consoleProgress<typeof model.heads>('training');
await fit(model, {
  data: train,
  epochs: 5,
  batchSize: 32,
  optimizer: adamW(),
  schedule: warmupCosine(3e-3),
  weighting: sum(),
  seed: 1,
  onStep: (record) => progress.step(record),
});
progress.end();
console.log('Trained:', (await evaluate(model, heldOut, { batchSize: 100 })).task);

const first = { length: 5, at: (index: number) => heldOut.at(index) };
const { task } = await predict(model, first, { batchSize: 5 });
for (const [index, prediction] of task.entries())
  console.log(describe(heldOut.at(index).labels.task, prediction));
model.dispose();
