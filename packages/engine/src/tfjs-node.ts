/** The packages that carry tfjs's JavaScript for native TensorFlow, the one that knows GPUs first. */
export const packages = ['@tensorflow/tfjs-node-gpu', '@tensorflow/tfjs-node'] as const;

/** One of the packages, installed. */
export interface TfjsNode {
  readonly name: string;
  readonly version: string;
  readonly folder: string;
  /** Requires what the package itself would get by a name. */
  readonly require: NodeJS.Require;
}

/**
 * Looks beside this package, then, as a strict package manager shows it only what it declares, in the folder that
 * the program runs in.
 */
export function findPackage(name: string): TfjsNode | undefined {
  const { createRequire } = process.getBuiltinModule('node:module');
  const { dirname } = process.getBuiltinModule('node:path');
  for (const from of [import.meta.url, `${process.cwd()}/`]) {
    const manifest = resolve(createRequire(from), `${name}/package.json`);
    if (manifest === undefined) continue;
    const require = createRequire(manifest);
    const { version }: { version: string } = require(manifest);
    return { name, version, folder: dirname(manifest), require };
  }
  return undefined;
}

/**
 * Runs `load` while the package's question where its binding lies has our answer. It asks node-pre-gyp, which would
 * name a file inside node_modules, and would parse the program's command line on the way.
 */
export function withBinding<Result>(tfjsNode: TfjsNode, binding: string, load: () => Result): Result {
  const preGyp: { find: () => string } = tfjsNode.require('@mapbox/node-pre-gyp/lib/pre-binding.js');
  const { find } = preGyp;
  preGyp.find = () => binding;
  try {
    return load();
  } finally {
    preGyp.find = find;
  }
}

/** The binding that the package's own script has put into node_modules, where somebody let it. */
export function ownBinding({ folder }: TfjsNode): string | undefined {
  const { existsSync } = process.getBuiltinModule('node:fs');
  const { join } = process.getBuiltinModule('node:path');
  const file = join(folder, 'lib', 'napi-v8', 'tfjs_binding.node');
  return existsSync(file) ? file : undefined;
}

function resolve(require: NodeJS.Require, path: string): string | undefined {
  try {
    return require.resolve(path);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'MODULE_NOT_FOUND') return undefined;
    throw error;
  }
}
