/** `pnpm figures`: measures and draws docs/figures. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import * as engine from '@espalier/engine';
import { type Figure, withTables } from './figures/figure.js';
import { figures } from './figures/index.js';

const usage = `pnpm figures [name...]

  --engine wasm|native|cpu   where the arithmetic runs (default wasm)
  --draw                     draw what was measured, and measure nothing

Measures the figures of docs/figures again, or those named, and draws them: ${figures.map(({ name }) => name).join(', ')}.
`;

const { values: options, positionals } = parseArgs({
  options: {
    engine: { type: 'string', default: 'wasm' },
    draw: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
  allowPositionals: true,
});

const unknown = positionals.filter((name) => !figures.some((figure) => figure.name === name));
if (options.help || unknown.length > 0) {
  console.log(unknown.length > 0 ? `There is no figure ${unknown.join(' or ')}.\n\n${usage}` : usage);
  process.exit(unknown.length > 0 ? 2 : 0);
}

await engine.use(options.engine as Parameters<typeof engine.use>[0]);
const folder = fileURLToPath(new URL('../../../docs/figures/', import.meta.url));
mkdirSync(folder, { recursive: true });
for (const figure of figures) {
  if (positionals.length > 0 && !positionals.includes(figure.name)) continue;
  const file = `${folder}${figure.name}`;
  if (!options.draw) writeFileSync(`${file}.json`, rounded(await measured(figure)));
  // From the file, so that the drawing is of what is committed.
  writeFileSync(`${file}.svg`, figure.draw(JSON.parse(readFileSync(`${file}.json`, 'utf8'))));
  console.log(`${file}.svg`);
  if (figure.tables === undefined) continue;
  const page = `${folder}../${figure.tables.page}`;
  writeFileSync(page, withTables(readFileSync(page, 'utf8'), figure.tables.markdown()));
  console.log(page);
}

async function measured({ name, cells, measure }: Figure): Promise<readonly unknown[]> {
  const rows = [];
  for (const [index, cell] of cells.entries()) {
    process.stderr.write(`${name}: ${index + 1} of ${cells.length}\n`);
    rows.push(await measure(cell));
  }
  return rows;
}

/** A line a row, with as many digits as every engine agrees on. */
function rounded(rows: readonly unknown[]): string {
  const lines = rows.map((row) =>
    JSON.stringify(row, (_key, value) => (typeof value === 'number' ? Number(value.toPrecision(4)) : value)),
  );
  return `[\n${lines.join(',\n')}\n]\n`;
}
