import { writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import * as engine from '@espalier/engine';
import { newRunFolder } from '@espalier/example-kit';
import { matrixTable, meanMatrix } from '@espalier/sharing';
import { type Findings, type Method, methods } from './experiment.js';
import { beginRun, measureOnce, readRun } from './run.js';

const usage = `pnpm example task-families [options]

  --engine auto|${engine.engineNames.join('|')}   where the arithmetic runs (auto)
  --seed N      the seed of the first family; the others follow (100)
  --seeds N     how many families (10)
  --out DIR     where the losses of every step and what was found are kept (runs/<date>)
  --resume DIR  go on with the run in DIR, with its options
  --json FILE   write the figures to FILE
  --quick       two families
  --help        this text`;

const options = parse();
if (options === undefined) process.exitCode = 2;
else if (options.help) console.log(usage);
else await run(options);

async function run({
  engineName,
  first,
  count,
  json,
  folder,
  resume,
}: NonNullable<ReturnType<typeof parse>>) {
  try {
    const report = await engine.use(engineName);
    console.error(`Engine: ${report.engine}`);
    if (!resume) await beginRun(folder, { engine: report.engine, seed: first, seeds: count });
  } catch (error) {
    console.error(error instanceof Error ? `${error.name}: ${error.message}` : error);
    process.exitCode = 1;
    return;
  }
  const seeds = Array.from({ length: count }, (_, index) => first + index);
  const findings: Findings[] = [];
  for (const seed of seeds) {
    findings.push(await measureOnce(folder, seed, seed === first));
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
        engine: { type: 'string' },
        seed: { type: 'string' },
        seeds: { type: 'string' },
        out: { type: 'string' },
        resume: { type: 'string' },
        json: { type: 'string' },
        quick: { type: 'boolean' },
        help: { type: 'boolean', default: false },
      },
    });
    const { out, resume, json, help } = values;
    const { engine: name, seed, seeds } = resume === undefined ? begun(values) : goingOn(resume, values);
    return {
      engineName: engineOf(name),
      first: wholeNumber('seed', seed, 0),
      count: wholeNumber('seeds', seeds, 1),
      folder: resolve(resume ?? out ?? newRunFolder()),
      resume: resume !== undefined,
      json,
      help,
    };
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : error}\n\n${usage}`);
    return undefined;
  }
}

interface Given {
  readonly engine?: string | undefined;
  readonly seed?: string | undefined;
  readonly seeds?: string | undefined;
  readonly out?: string | undefined;
  readonly quick?: boolean | undefined;
}

function begun({ engine: name = 'auto', seed = '100', seeds, quick }: Given) {
  return { engine: name, seed, seeds: seeds ?? (quick ? '2' : '10') };
}

function goingOn(folder: string, { engine: name, seed, seeds, out, quick }: Given) {
  const other = Object.entries({ engine: name, seed, seeds, out, quick }).find(
    ([, value]) => value !== undefined,
  );
  if (other)
    throw new Error(`--${other[0]} and --resume contradict each other: a run goes on as it was begun.`);
  const run = readRun(folder);
  return { engine: run.engine, seed: String(run.seed), seeds: String(run.seeds) };
}

function engineOf(text: string) {
  const name = (['auto', ...engine.engineNames] as const).find((name) => name === text);
  if (name === undefined) throw new Error(`--engine is "${text}", which is none.`);
  return name;
}

function wholeNumber(option: string, text: string, least: number): number {
  const number = Number(text);
  if (Number.isSafeInteger(number) && number >= least && text.trim() !== '') return number;
  throw new Error(`--${option} is "${text}"; expected a whole number from ${least}.`);
}
