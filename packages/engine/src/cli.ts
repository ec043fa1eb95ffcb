#!/usr/bin/env node
import { parseArgs } from 'node:util';
import { EngineError } from './errors.js';
import { thisHost } from './host.js';
import { install } from './install/install.js';
import { planInstall } from './install/plan.js';
import { progressOn } from './install/progress.js';
import { findPackage, packages } from './tfjs-node.js';
import { npmCommand } from './versions.js';

const help = `Native TensorFlow for @espalier/engine.

  espalier-engine install         installs it for the @tensorflow/tfjs-node-gpu or tfjs-node of this project
  espalier-engine install --gpu   the same with CUDA, for NVIDIA GPUs
  espalier-engine doctor          what is there, how fast it is, and what is missing

It is installed once for all projects, in ESPALIER_CACHE or ~/.cache/espalier.
`;

/** Loads the engines, which an install does not need. */
async function doctor(): Promise<void> {
  const { examine } = await import('./doctor.js');
  await examine((line) => console.log(line));
}

async function installCommand(gpu: boolean): Promise<void> {
  const begun = performance.now();
  const tfjsNode = packages.map(findPackage).find((found) => found !== undefined);
  if (!tfjsNode) {
    throw new EngineError(
      'native',
      `neither ${packages.join(' nor ')} is installed here`,
      `Run \`${npmCommand}\` first.`,
    );
  }
  const plan = planInstall(thisHost(), gpu, tfjsNode);
  const { folder, tensorflow, already } = await install(plan, progressOn(process.stderr));
  const seconds = ((performance.now() - begun) / 1000).toFixed(1);
  console.log(
    `TensorFlow ${tensorflow} for ${tfjsNode.name} ${tfjsNode.version} ${already ? 'is installed' : `installed in ${seconds} s`}: ${folder}`,
  );
}

/** Undefined where the command line is not one of those that there are. */
function parse(args: string[]): (() => Promise<void>) | undefined {
  const options = { gpu: { type: 'boolean' }, help: { type: 'boolean', short: 'h' } } as const;
  const { values, positionals } = parseArgs({ args, options, allowPositionals: true });
  const [command, ...rest] = positionals;
  if (values.help || rest.length > 0) return undefined;
  if (command === 'install') return () => installCommand(values.gpu ?? false);
  if (command === 'doctor' && !values.gpu) return doctor;
  return undefined;
}

try {
  const command = parse(process.argv.slice(2));
  if (command) await command();
  else {
    process.stdout.write(help);
    if (!/^(-h|--help)$/.test(process.argv[2] ?? '')) process.exitCode = 2;
  }
} catch (error) {
  if (error instanceof EngineError) {
    console.error(`Not possible: ${error.reason}.\n${error.remedy}`);
    process.exitCode = 1;
  } else if (error instanceof TypeError && 'code' in error && /^ERR_PARSE_ARGS/.test(String(error.code))) {
    console.error(`${error.message}\n\n${help}`);
    process.exitCode = 2;
  } else throw error;
}
