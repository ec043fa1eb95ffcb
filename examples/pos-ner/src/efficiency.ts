/**
 * Do parts of speech help to find entities of which few are labelled? With 10, 25, 50 and 100 % of the sentences
 * labelled, a network for both tasks beside one for entities alone, after as many updates.
 *
 * `pnpm build && node examples/pos-ner/dist/efficiency.js`
 */
import { appendFile, readFile, writeFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import * as engine from '@espalier/engine';
import { engineOf } from '@espalier/example-kit';
import { spreadOf } from '@espalier/trainer';
import { curve } from './curve.js';
import { type FewLabels, type Measured, measure } from './few-labels.js';
import { readSentences } from './sentences.js';
import { EPOCHS } from './settings.js';

const SHARES = [0.1, 0.25, 0.5, 1];
const NETWORKS = ['multi-task', 'single-task'] as const;

const { values } = parseArgs({
  options: {
    engine: { type: 'string', default: 'native' },
    epochs: { type: 'string', default: `${EPOCHS}` },
    seeds: { type: 'string', default: '5' },
    // Keeps a line for each network that is measured; those that have one are not measured again.
    out: { type: 'string', default: 'pos-ner-efficiency.jsonl' },
    figure: { type: 'string', default: 'pos-ner-efficiency.svg' },
  },
});
const epochs = Number(values.epochs);
const seeds = Array.from({ length: Number(values.seeds) }, (_, index) => index + 1);
const cells = seeds.flatMap((seed) =>
  SHARES.flatMap((share) => NETWORKS.map((network): FewLabels => ({ share, network, seed, epochs }))),
);

await engine.use(engineOf(values.engine));
const sentences = await readSentences('train');
const tested = await readSentences('test');
const known = await readMeasured(values.out);
const rows: Measured[] = [];
for (const cell of cells) {
  let row = known.find((one) => isSame(one, cell));
  if (row === undefined) {
    row = await measure(cell, sentences, tested);
    await appendFile(values.out, `${JSON.stringify(row)}\n`);
    console.log(JSON.stringify(row));
  }
  rows.push(row);
}
console.table(
  SHARES.map((share) => {
    const means = NETWORKS.map((network) => {
      const own = rows.filter((row) => row.share === share && row.network === network);
      const { mean, deviation } = spreadOf(own.map(({ f1 }) => f1));
      return [network, `${mean.toFixed(3)} ± ${deviation.toFixed(3)}`];
    });
    return { 'entities labelled': `${100 * share} %`, ...Object.fromEntries(means) };
  }),
);
await writeFile(values.figure, curve(rows));

async function readMeasured(file: string): Promise<readonly Measured[]> {
  const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return '';
    throw error;
  });
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line): Measured => JSON.parse(line));
}

function isSame(row: Measured, cell: FewLabels): boolean {
  return Object.entries(cell).every(([name, value]) => row[name as keyof FewLabels] === value);
}
