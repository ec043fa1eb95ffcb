import { join } from 'node:path';
import { include_dir as nodeHeaders } from 'node-api-headers';
import { addonFile, bindingFile } from '../cache.js';
import { EngineError } from '../errors.js';
import type { Plan } from './plan.js';
import { run } from './run.js';

/** A C++ compiler: the program, what to give it first, and what it needs in its environment. */
export interface Compiler {
  readonly command: string;
  readonly args: readonly string[];
  readonly env: NodeJS.ProcessEnv;
}

/** The host's own compiler, if it has one that starts. */
export async function findCompiler(): Promise<Compiler | undefined> {
  const { CXX }: Record<string, string | undefined> = process.env;
  for (const line of CXX ? [CXX] : ['c++', 'g++', 'clang++']) {
    const [command = '', ...args] = line.split(' ');
    const ended = await run(command, [...args, '--version']);
    if (ended?.code === 0) return { command, args, env: process.env };
  }
  return undefined;
}

/** Zig's C++ compiler, unpacked from PyPI's `ziglang`. It carries its own C and C++ libraries. */
export function zigCompiler(unpacked: string, target: string): Compiler {
  return {
    command: join(unpacked, 'ziglang', 'zig'),
    args: ['c++', '-target', target],
    env: {
      ...process.env,
      ZIG_GLOBAL_CACHE_DIR: join(unpacked, 'cache'),
      ZIG_LOCAL_CACHE_DIR: join(unpacked, 'cache'),
    },
  };
}

/** Compiles the package's binding against the libraries in the folder, into a file. */
export function compileBinding(plan: Plan, compiler: Compiler, folder: string): Promise<void> {
  const { tfjsNode } = plan;
  const sources = ['tfjs_backend.cc', 'tfjs_binding.cc'].map((file) =>
    join(tfjsNode.folder, 'binding', file),
  );
  const what = `the binding of ${tfjsNode.name} ${tfjsNode.version}`;
  return compile(what, sources, plan, compiler, folder, join(folder, bindingFile));
}

/**
 * Compiles our own addon against the libraries in the folder.
 *
 * @param into Where it goes; the folder unless given.
 */
export function compileAddon(plan: Plan, compiler: Compiler, folder: string, into = folder): Promise<void> {
  const output = join(into, addonFile);
  return compile("the engine's addon", [plan.addon], plan, compiler, folder, output);
}

async function compile(
  what: string,
  sources: readonly string[],
  { libraries, linkerFlags }: Plan,
  compiler: Compiler,
  folder: string,
  output: string,
): Promise<void> {
  const ended = await run(
    compiler.command,
    [
      ...compiler.args,
      ...['-std=c++17', '-O2', '-fPIC', '-DNAPI_VERSION=8'],
      ...['-I', nodeHeaders, '-I', join(folder, 'tensorflow', 'include')],
      ...sources,
      ...libraries.map((library) => join(folder, library)),
      ...linkerFlags,
      ...['-o', output],
    ],
    compiler.env,
  );
  if (ended?.code === 0) return;
  const complaint =
    ended?.stderr.split('\n').find((line) => /error/i.test(line)) ?? 'it ended without a word';
  throw new EngineError(
    'native',
    `${compiler.command} does not compile ${what}: ${complaint.trim()}`,
    'It needs a C++17 compiler with its standard library (Debian, Ubuntu: `apt install g++`; macOS: `xcode-select --install`), or another one in the variable CXX.',
    { cause: new Error(ended?.stderr) },
  );
}
