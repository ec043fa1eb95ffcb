import { writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import * as engine from '@espalier/engine';
import { matrixTable, meanMatrix } from '@espalier/sharing';
import { type Finding, type Method, measure, methods } from './experiment.js';

const usage = `pnpm example task-families [options]

  --engine auto|${engine.engineNames.join('|')}   where the arithmetic runs (auto)
  --seed N      the seed of the first family; the others follow (100)
  --seeds N     how many families (10)
  --json FILE   write the figures to FILE
  --quick       two families
  --help        this text`;

const options = parse();
if (options === undefined) process.exitCode = 2;
else if (options.help) console.log(usage);
else await run(options);

async function run({ engineName, first, count, json }: NonNullable<ReturnType<typeof parse>>) {
  try {
    const report = await engine.use(engineName);
    console.error(`Engine: ${report.engine}`);
  } catch (error) {
    console.error(error instanceof Error ? `${error.name}: ${error.message}` : error);
    process.exitCode = 1;
    return;
  }
  const seeds = Array.from({ length: count }, (_, index) => first + index);
  const findings: Readonly<Record<Method, Finding>>[] = [];
  for (const seed of seeds) {
    findings.push(await measure(seed));
    console.error(`Family ${findings.length} of ${count}`);
  }
  const names = Object.keys(methods) as Method[];
  const [recommended] = names;

  console.log('Mean affinity (row helps column), heads from zero, share of summed losses\n');
  console.log(matrixTable(meanMatrix(findings.map((found) => found[recommended].affinity))));
  console.log('\nPartners first / groups found, by family\n');
  console.table(
    Object.fromEntries(
      seeds.map((seed, index) => [
        seed,
        Object.fromEntries(
          names.map((name) => {
            const { partnersFirst, groupsFound } = findings[index][name];
            return [name, `${partnersFirst ? 'yes' : 'no'} / ${groupsFound ? 'yes' : 'no'}`];
          }),
        ),
      ]),
    ),
  );
  const counts = Object.fromEntries(
    names.map((name) => {
      const own = findings.map((found) => found[name]);
      return [
        name,
        {
          'partners first': own.filter(({ partnersFirst }) => partnersFirst).length,
          'groups found': own.filter(({ groupsFound }) => groupsFound).length,
          'of families': count,
        },
      ];
    }),
  );
  console.table(counts);
  if (json !== undefined) writeFileSync(resolve(json), `${JSON.stringify({ seeds, counts }, null, 2)}\n`);
}

/** The options, or none where they cannot be; then it has been said why. */
function parse() {
  try {
    const { values } = parseArgs({
      options: {
        engine: { type: 'string', default: 'auto' },
        seed: { type: 'string', default: '100' },
        seeds: { type: 'string' },
        json: { type: 'string' },
        quick: { type: 'boolean', default: false },
        help: { type: 'boolean', default: false },
      },
    });
    const engineName = (['auto', ...engine.engineNames] as const).find((name) => name === values.engine);
    if (engineName === undefined) throw new Error(`--engine is "${values.engine}", which is none.`);
    return {
      engineName,
      first: wholeNumber('seed', values.seed, 0),
      count: wholeNumber('seeds', values.seeds ?? (values.quick ? '2' : '10'), 1),
      json: values.json,
      help: values.help,
    };
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : error}\n\n${usage}`);
    return undefined;
  }
}

function wholeNumber(option: string, text: string, least: number): number {
  const number = Number(text);
  if (Number.isSafeInteger(number) && number >= least && text.trim() !== '') return number;
  throw new Error(`--${option} is "${text}"; expected a whole number from ${least}.`);
}
