// Median time to get weights from a Gramian, one thread. Run after `pnpm build`: node packages/losses/bench/weights.mjs
import { aggregators } from '../dist/index.js';

const methods = {
  upGrad: aggregators.upGrad(),
  mgda: aggregators.mgda(),
  pcGrad: aggregators.pcGrad(),
  caGrad: aggregators.caGrad(),
  nashMtl: aggregators.nashMtl(),
  fairGrad: aggregators.fairGrad({ alpha: 2 }),
  alignedMtl: aggregators.alignedMtl(),
  conFig: aggregators.conFig(),
};

let seed = 1;
const uniform = () => {
  seed = (seed * 48271) % 2147483647;
  return seed / 2147483647;
};
const normal = () => Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform());

function gramian(tasks) {
  const rows = Array.from({ length: tasks }, () => Float64Array.from({ length: 2 * tasks }, normal));
  return rows.map((a) => Float64Array.from(rows, (b) => a.reduce((sum, value, c) => sum + value * b[c], 0)));
}

const sizes = [2, 3, 8, 20, 40];
const table = {};
for (const [name, method] of Object.entries(methods)) {
  table[name] = {};
  for (const tasks of sizes) {
    const inputs = Array.from({ length: 20 }, () => gramian(tasks));
    const times = [];
    const end = performance.now() + 400;
    for (let i = 0; performance.now() < end; i++) {
      const start = performance.now();
      method.weights(inputs[i % inputs.length]);
      times.push(performance.now() - start);
    }
    times.sort((a, b) => a - b);
    table[name][`T = ${tasks}`] = Number(times[Math.floor(times.length / 2)].toPrecision(3));
  }
}
console.log('median ms');
console.table(table);
