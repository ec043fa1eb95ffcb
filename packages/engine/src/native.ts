import * as tf from '@tensorflow/tfjs-core';
import { EngineError } from './errors.js';

/** The two packages that carry native TensorFlow, the faster one first. */
const packages = ['@tensorflow/tfjs-node-gpu', '@tensorflow/tfjs-node'] as const;

/** What loads a package by its name, and throws as `require` does. */
export type Loader = (name: string) => object;

/**
 * Loads native TensorFlow into the tfjs-core that everything else here uses.
 *
 * @param load How a package is loaded; the default looks beside this package, then in the working folder.
 * @throws EngineError where neither package is there, where one is there and does not load, and where it
 *   brought a copy of tfjs-core of its own.
 */
export function loadNative(load: Loader = requirePackage): void {
  if (!isNode()) {
    throw new EngineError('native', 'native TensorFlow runs in Node only', 'Run the program in Node.');
  }
  prepareNode();
  for (const name of packages) {
    let native: object;
    try {
      native = load(name);
    } catch (error) {
      if (isMissing(error, name)) continue;
      throw new EngineError(
        'native',
        `${name} is installed but does not load: ${firstLine(error)}`,
        reinstall(name),
        {
          cause: error,
        },
      );
    }
    if (!sharesCore(native)) {
      throw new EngineError(
        'native',
        `${name} brings a second copy of @tensorflow/tfjs-core, and two copies are two engines`,
        `Install one version of @tensorflow/tfjs-core, the one that ${name} asks for (\`npm ls @tensorflow/tfjs-core\` shows both).`,
      );
    }
    return;
  }
  throw new EngineError(
    'native',
    `neither ${packages.join(' nor ')} is installed`,
    'Run `npm install @tensorflow/tfjs-node` (with an NVIDIA GPU: @tensorflow/tfjs-node-gpu).',
  );
}

function isNode(): boolean {
  return typeof process !== 'undefined' && process.versions?.node !== undefined;
}

/** What tfjs-node expects of its host, set before it loads. */
function prepareNode(): void {
  // Otherwise TensorFlow takes nearly all of a GPU's memory, and writes pages of log lines to stderr.
  const settings: {
    TF_FORCE_GPU_ALLOW_GROWTH?: string | undefined;
    TF_CPP_MIN_LOG_LEVEL?: string | undefined;
  } = process.env;
  settings.TF_FORCE_GPU_ALLOW_GROWTH ??= 'true';
  settings.TF_CPP_MIN_LOG_LEVEL ??= '2';
  // Node 23 took these two out of `util`; tfjs-node 4.22 calls them.
  const util: { isArray?: unknown; isNullOrUndefined?: unknown } = process.getBuiltinModule('node:util');
  util.isArray ??= Array.isArray;
  util.isNullOrUndefined ??= (value: unknown) => value === null || value === undefined;
}

/**
 * A strict package manager shows this package only what it declares, so a second look goes to the folder that
 * the program runs in. Not `import()`: a bundler must not try to bundle these optional packages.
 */
function requirePackage(name: string): object {
  const { createRequire } = process.getBuiltinModule('node:module');
  try {
    return createRequire(import.meta.url)(name);
  } catch (error) {
    if (!isMissing(error, name)) throw error;
    return createRequire(`${process.cwd()}/`)(name);
  }
}

/** Is it this package that is missing, and not one that it needs? */
function isMissing(error: unknown, name: string): boolean {
  if (!(error instanceof Error) || !('code' in error)) return false;
  return /MODULE_NOT_FOUND$/.test(String(error.code)) && new RegExp(`'${name}'`).test(firstLine(error));
}

function sharesCore(native: object): boolean {
  return 'Tensor' in native && native.Tensor === tf.Tensor;
}

function firstLine(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).split('\n', 1)[0] ?? '';
}

function reinstall(name: string): string {
  return `Run \`npm rebuild ${name} --build-addon-from-source\`, or remove it.`;
}
