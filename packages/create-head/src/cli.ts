#!/usr/bin/env node
import { relative, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { ask } from './ask.js';
import { type Choices, domains, kinds } from './choices.js';
import { createHead } from './create.js';
import { CreateError, UsageError } from './errors.js';

const help = `Makes a new task head for espalier: a package with the head, its conformance test and a demo.

  npm create espalier-head                 asks
  npm create espalier-head my-head         asks for the rest
  npm create espalier-head my-head -- --yes --domain sound --kind dense

Options:
  --domain ${domains.join('|')}                  what the head works on (with --yes: ${domains[0]})
  --kind ${kinds.join('|')}   what it says: one class, a class for every place, or a list of
                                         symbols (with --yes: ${kinds[0]})
  --yes                                  ask nothing
  --tarballs FOLDER                      take espalier's packages from tarballs, not from the registry
  --help                                 this text

Exit codes: 0 done, 1 not possible, 2 wrong usage, 130 broken off.
`;

interface Command extends Partial<Choices> {
  readonly yes: boolean;
  readonly tarballs?: string;
}

/** @throws UsageError */
function parse(args: string[]): Command | 'help' {
  const { values, positionals } = parseOrRefuse(args);
  if (values.help) return 'help';
  if (positionals.length > 1) {
    throw new UsageError(`Found ${positionals.length} folders (${positionals.join(', ')}); expected one.`);
  }
  const [folder] = positionals;
  return {
    ...(folder !== undefined && { folder }),
    ...(values.domain !== undefined && { domain: oneOf('domain', values.domain, domains) }),
    ...(values.kind !== undefined && { kind: oneOf('kind', values.kind, kinds) }),
    ...(values.tarballs !== undefined && { tarballs: values.tarballs }),
    yes: values.yes,
  };
}

function parseOrRefuse(args: string[]) {
  try {
    return parseArgs({
      args,
      allowPositionals: true,
      options: {
        domain: { type: 'string' },
        kind: { type: 'string' },
        yes: { type: 'boolean', short: 'y', default: false },
        tarballs: { type: 'string' },
        help: { type: 'boolean', short: 'h', default: false },
      },
    });
  } catch (cause) {
    // Node goes on with how to give names that begin with a dash.
    const [problem] = String(cause instanceof Error ? cause.message : cause).split('. ');
    throw new UsageError(`${problem}.`, { cause });
  }
}

function oneOf<Choice extends string>(option: string, value: string, choices: readonly Choice[]): Choice {
  const found = choices.find((choice) => choice === value);
  if (found !== undefined) return found;
  throw new UsageError(`--${option} is "${value}"; expected one of ${choices.join(', ')}.`);
}

async function choose({ yes, folder, domain, kind }: Command): Promise<Choices | undefined> {
  if (yes) {
    if (folder === undefined) throw new UsageError('--yes asks nothing, so give the folder as well.');
    return { folder, domain: domain ?? domains[0], kind: kind ?? kinds[0] };
  }
  if (folder !== undefined && domain !== undefined && kind !== undefined) return { folder, domain, kind };
  if (!process.stdin.isTTY || !process.stdout.isTTY) {
    throw new UsageError('There is no terminal to ask on. Give the folder, --domain, --kind and --yes.');
  }
  return ask({ folder, domain, kind });
}

async function run(): Promise<number> {
  const command = parse(process.argv.slice(2));
  if (command === 'help') {
    process.stdout.write(help);
    return 0;
  }
  const choices = await choose(command);
  if (choices === undefined) return 130;
  createHead(choices, command.tarballs);
  console.log(`Made ${resolve(choices.folder)}. Next:

  cd ${relative('', resolve(choices.folder)) || '.'}
  npm install
  npm test          # types, the contract, the head's own promises
  npm run demo      # trains it`);
  return 0;
}

try {
  process.exitCode = await run();
} catch (error) {
  if (!(error instanceof CreateError)) throw error;
  const more = error instanceof UsageError ? ' See: create-espalier-head --help' : '';
  console.error(`${error.message}${more}`);
  process.exitCode = error instanceof UsageError ? 2 : 1;
}
