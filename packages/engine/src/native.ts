import * as tf from '@tensorflow/tfjs-core';
import { type Addon, addonBeside } from './addon.js';
import { findInstalled, listInstalled } from './cache.js';
import { EngineError } from './errors.js';
import { cpuProblem, hasAvx, hostProblem, thisHost } from './host.js';
import { loadRemedy } from './load-remedy.js';
import { isNative, type NativeBackend } from './program/binding.js';
import { setTensorFlow } from './tensorflow-settings.js';
import { findPackage, ownBinding, packages, type TfjsNode, withBinding } from './tfjs-node.js';
import { installCommand, npmCommand } from './versions.js';

/** What loads an installed package. */
export type Loader = (tfjsNode: TfjsNode, binding: string) => object;

/**
 * Loads native TensorFlow into the tfjs-core that everything else here uses.
 *
 * @param load How the package is loaded; the default requires it, with the binding given.
 * @throws EngineError where there is no package or no binding, where one is there and does not load, and where the
 *   package brought a copy of tfjs-core of its own.
 */
export function loadNative(load: Loader = requirePackage): void {
  if (typeof process === 'undefined' || process.versions?.node === undefined) {
    throw new EngineError('native', 'native TensorFlow runs in Node only', 'Run the program in Node.');
  }
  const { tfjsNode, binding } = findNative();
  const problem = cpuProblem({ arch: process.arch, avx: hasAvx() });
  if (problem) throw new EngineError('native', problem.reason, problem.remedy);
  prepareNode();
  const addon = loaded(binding, () => addonBeside(binding));
  const native = loaded(binding, () =>
    addon === undefined ? load(tfjsNode, binding) : addon.undisturbed(load, tfjsNode, binding),
  );
  if (!('Tensor' in native && native.Tensor === tf.Tensor)) {
    throw new EngineError(
      'native',
      `${tfjsNode.name} brings a second copy of @tensorflow/tfjs-core, and two copies are two engines`,
      `Install one version of @tensorflow/tfjs-core, the one that ${tfjsNode.name} asks for (\`npm ls @tensorflow/tfjs-core\` shows both).`,
    );
  }
  if (addon !== undefined) computeUndisturbed(addon);
}

/**
 * The first package that there is a binding for: an installed one, or one of its own.
 *
 * @throws EngineError where there is none; on a host that none can be installed on, it says so.
 */
export function findNative(): { tfjsNode: TfjsNode; binding: string } {
  const present = packages.map(findPackage).filter((tfjsNode) => tfjsNode !== undefined);
  for (const tfjsNode of present) {
    const binding = findInstalled(tfjsNode.version)?.binding ?? ownBinding(tfjsNode);
    if (binding) return { tfjsNode, binding };
  }
  const problem = hostProblem(thisHost(), false);
  if (problem) throw new EngineError('native', problem.reason, problem.remedy);
  const [tfjsNode] = present;
  if (!tfjsNode) {
    throw new EngineError(
      'native',
      `neither ${packages.join(' nor ')} is installed`,
      `Run \`${npmCommand}\`, then \`${installCommand}\`.`,
    );
  }
  const others = listInstalled();
  const instead = others.length > 0 ? `; there is ${others.join(', ')}, for other versions` : '';
  throw new EngineError(
    'native',
    `TensorFlow's library is not installed for ${tfjsNode.name} ${tfjsNode.version}${instead}`,
    `Run \`${installCommand}\` (with an NVIDIA GPU: \`${installCommand} --gpu\`).`,
  );
}

function loaded<Loaded>(binding: string, load: () => Loaded): Loaded {
  try {
    return load();
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    throw new EngineError('native', `${binding} does not load: ${firstLine(message)}`, loadRemedy(message), {
      cause: error,
    });
  }
}

/** What tfjs-node expects of its host, set before it loads. */
function prepareNode(): void {
  setTensorFlow('2');
  // Node 23 took these two out of `util`; tfjs-node 4.22 calls them.
  const util: { isArray?: unknown; isNullOrUndefined?: unknown } = process.getBuiltinModule('node:util');
  util.isArray ??= Array.isArray;
  util.isNullOrUndefined ??= (value: unknown) => value === null || value === undefined;
}

/**
 * Operations compute on the thread that asks for them, which is JavaScript's: a signal that comes meanwhile (Ctrl-C, a
 * profiler's) waits until the operation has ended.
 */
function computeUndisturbed(addon: Addon): void {
  const backend: object | null = tf.findBackend('tensorflow');
  if (backend === null || !isNative(backend) || undisturbed.has(backend)) return;
  undisturbed.add(backend);
  const { executeOp } = backend.binding;
  const execute: typeof executeOp = (name, attributes, inputs, outputs) =>
    addon.undisturbed(executeOp, name, attributes, inputs, outputs);
  // Its own methods cannot be replaced, only hidden.
  backend.binding = Object.create(backend.binding, { executeOp: { value: execute } });
}

const undisturbed = new WeakSet<NativeBackend>();

/** Not `import()`: a bundler must not try to bundle these optional packages. */
function requirePackage(tfjsNode: TfjsNode, binding: string): object {
  return withBinding(tfjsNode, binding, () => tfjsNode.require(tfjsNode.folder));
}

function firstLine(message: string): string {
  return message.split('\n', 1)[0] ?? '';
}
