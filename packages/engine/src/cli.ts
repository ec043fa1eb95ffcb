#!/usr/bin/env node
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import type { Examples } from './cluster.js';
import { ClusterError, EngineError } from './errors.js';
import { findPackage, packages } from './tfjs-node.js';
import { npmCommand } from './versions.js';

const help = `Native TensorFlow for @espalier/engine.

  espalier-engine install         installs it for the @tensorflow/tfjs-node-gpu or tfjs-node of this project
  espalier-engine install --gpu   the same with CUDA, for NVIDIA GPUs
  espalier-engine doctor          what is there, how fast it is, and what is missing
  espalier-engine serve           runs this machine's part of a cluster: a parameter server or a worker

Options of serve:
  --cluster FILE          the cluster, in the form of the variable TF_CONFIG, which is read unless a file is given
  --task ps:0             which task of the cluster this is, where that does not say so
  --examples FILE         a worker's examples: a module whose default export has them
  --i-trust-this-network  lets the server listen on an address of a private network, not of this machine alone

It is installed once for all projects, in ESPALIER_CACHE or ~/.cache/espalier.
`;

/** Loads the engines, which an install does not need. */
async function doctor(): Promise<void> {
  const { examine } = await import('./doctor.js');
  await examine((line) => console.log(line));
}

/** Loads what reads wheels, which nothing else needs. */
async function installCommand(gpu: boolean): Promise<void> {
  const begun = performance.now();
  const [{ thisHost }, { install }, { planInstall }, { progressOn }] = await Promise.all([
    import('./host.js'),
    import('./install/install.js'),
    import('./install/plan.js'),
    import('./install/progress.js'),
  ]);
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

interface ServeFlags {
  readonly cluster?: string | undefined;
  readonly task?: string | undefined;
  readonly examples?: string | undefined;
  readonly 'i-trust-this-network'?: boolean | undefined;
}

/** Runs until it is stopped, or its examples end it. */
async function serveCommand(flags: ServeFlags): Promise<void> {
  const { parseTask, readSpec, serve } = await import('./cluster.js');
  const spec = readSpec(flags.cluster);
  const task = flags.task === undefined ? spec.task : parseTask(flags.task, spec);
  const { machine, stopped, close } = await serve(
    { ...spec, task },
    {
      trusted: flags['i-trust-this-network'] ?? false,
      examples: flags.examples === undefined ? undefined : await loadExamples(flags.examples),
    },
  );
  console.log(`${machine} serves, with process id ${process.pid}`);
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => void close().finally(() => process.exit(0)));
  }
  await stopped;
}

async function loadExamples(file: string): Promise<Examples> {
  const { use } = await import('./use.js');
  // A worker's tensors are only read: no engine does that faster than this one.
  await use('cpu');
  const module: { default?: Partial<Examples> } = await import(pathToFileURL(resolve(file)).href).catch(
    (cause: unknown) => {
      const reason = cause instanceof Error ? cause.message : String(cause);
      throw new ClusterError(`${file} cannot be loaded: ${reason}`, { cause });
    },
  );
  const examples = module.default;
  if (typeof examples?.read !== 'function' || typeof examples.fingerprint !== 'string') {
    throw new ClusterError(
      `${file}: its default export has no examples. Export what \`workerExamples(model, data)\` of @espalier/trainer gives.`,
    );
  }
  return examples as Examples;
}

/** Undefined where the command line is not one of those that there are. */
function parse(args: string[]): (() => Promise<void>) | undefined {
  const serveOptions = {
    cluster: { type: 'string' },
    task: { type: 'string' },
    examples: { type: 'string' },
    'i-trust-this-network': { type: 'boolean' },
  } as const;
  const options = {
    gpu: { type: 'boolean' },
    help: { type: 'boolean', short: 'h' },
    ...serveOptions,
  } as const;
  const { values, positionals } = parseArgs({ args, options, allowPositionals: true });
  const { gpu, help, ...flags } = values;
  const [command, ...rest] = positionals;
  if (help || rest.length > 0) return undefined;
  if (command === 'serve' && !gpu) return () => serveCommand(flags);
  if (Object.keys(flags).length > 0) return undefined;
  if (command === 'install') return () => installCommand(gpu ?? false);
  if (command === 'doctor' && !gpu) return doctor;
  return undefined;
}

try {
  const args = process.argv.slice(2);
  const command = parse(args);
  if (command) await command();
  else if (args.some((arg) => /^(-h|--help)$/.test(arg))) process.stdout.write(help);
  else {
    const problem = args.length === 0 ? 'No command is given' : `There is no command "${args.join(' ')}"`;
    console.error(`${problem}. See: espalier-engine --help`);
    process.exitCode = 2;
  }
} catch (error) {
  if (error instanceof EngineError) {
    console.error(`Not possible: ${error.reason}.\n${error.remedy}`);
    process.exitCode = 1;
  } else if (error instanceof ClusterError) {
    console.error(`Not possible: ${error.message}`);
    process.exit(1);
  } else if (error instanceof TypeError && 'code' in error && /^ERR_PARSE_ARGS/.test(String(error.code))) {
    // Node goes on with how to give names that begin with a dash.
    console.error(`${error.message.split('. ')[0]}. See: espalier-engine --help`);
    process.exitCode = 2;
  } else throw error;
}
