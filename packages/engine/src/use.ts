import * as tf from '@tensorflow/tfjs-core';
import { registerBatchNormGradient } from './batch-norm-gradient.js';
import { type EngineName, engineNames } from './engine-names.js';
import { EngineError } from './errors.js';
import { loadNative } from './native.js';
import { registerNativeGradients } from './native-gradients.js';
import { registerReductionGradients } from './reduction-gradients.js';
import { rewriteTapes } from './tape.js';
import { joinBatchNorms } from './tape-batch-norm.js';
import { registerTileGradient } from './tile-gradient.js';
import { registerTrainingKernels } from './wasm/register.js';
import { loadWebGpu } from './webgpu.js';

export { type EngineName, engineNames };

/** A faster engine that was not taken: why not, and what would get it. */
export interface PassedOver {
  readonly engine: EngineName;
  readonly reason: string;
  readonly remedy: string;
}

/** The engine in use, and the faster ones that `auto` passed over. */
export interface EngineReport {
  readonly engine: EngineName;
  readonly passedOver: readonly PassedOver[];
}

/**
 * Makes an engine the one that every tfjs operation runs on, from now on.
 *
 * @param name An engine, or `auto`: the fastest that this host has.
 * @throws EngineError where the engine asked for by name cannot be had. `auto` tries the next one instead, and
 *   says in `passedOver` why.
 *
 * @example
 * ```ts
 * import * as engine from '@espalier/engine';
 * const { engine: name, passedOver } = await engine.use('auto');
 * ```
 */
export async function use(name: EngineName | 'auto'): Promise<EngineReport> {
  if (name !== 'auto') {
    await start(name);
    return { engine: name, passedOver: [] };
  }
  const passedOver: PassedOver[] = [];
  for (const engine of engineNames) {
    try {
      await start(engine);
      return { engine, passedOver };
    } catch (error) {
      // Plain JavaScript is the last resort: where it fails, there is nothing to fall back on.
      if (!(error instanceof EngineError) || engine === 'cpu') throw error;
      passedOver.push({ engine, reason: error.reason, remedy: error.remedy });
    }
  }
  throw new Error('unreachable: the last engine either starts or throws');
}

async function start(name: EngineName): Promise<void> {
  rewriteTapes(joinBatchNorms);
  switch (name) {
    case 'native':
      loadNative();
      registerReductionGradients();
      registerTileGradient();
      registerNativeGradients();
      registerBatchNormGradient();
      return select(name, 'tensorflow', 'Reinstall @tensorflow/tfjs-node.');
    case 'webgpu':
      await loadWebGpu();
      return select(name, 'webgpu', 'Update the browser and the driver of its GPU.');
    case 'wasm':
      await registerTrainingKernels();
      return withoutNewListeners(() =>
        select(
          name,
          'wasm',
          'The .wasm files of @tensorflow/tfjs-backend-wasm must be reachable: in a browser, call its setWasmPaths first.',
        ),
      );
    case 'cpu':
      await import('@tensorflow/tfjs-backend-cpu');
      return select(name, 'cpu', 'Reinstall @tensorflow/tfjs-backend-cpu.');
    default:
      throw new EngineError(
        name,
        'there is no engine of that name',
        `Use one of ${['auto', ...engineNames].join(', ')}.`,
      );
  }
}

/** `tf.setBackend` says no by returning false, and has by then put the name of the dead backend in place. */
async function select(engine: EngineName, backend: string, remedy: string): Promise<void> {
  const former = tf.getBackend();
  let cause: unknown;
  const selected = await tf.setBackend(backend).catch((error: unknown) => {
    cause = error;
    return false;
  });
  if (selected && tf.getBackend() === backend) return;
  // Before any backend was in use there is none to go back to, and its name is undefined.
  if (former && former !== backend) await tf.setBackend(former);
  throw new EngineError(engine, `tfjs did not start its backend '${backend}'`, remedy, { cause });
}

/**
 * The WASM module listens to the host's uncaught errors and throws them again from its own one line of 100 kB, which
 * Node then prints. A program's errors are its own affair.
 */
async function withoutNewListeners(start: () => Promise<void>): Promise<void> {
  if (typeof process === 'undefined' || process.listeners === undefined) return start();
  const events = ['uncaughtException', 'unhandledRejection'] as const;
  const host: NodeJS.EventEmitter = process;
  const known = events.map((event) => new Set(host.listeners(event)));
  try {
    await start();
  } finally {
    for (const [index, event] of events.entries()) {
      for (const listener of host.listeners(event)) {
        if (!known[index]?.has(listener)) host.removeListener(event, listener as () => void);
      }
    }
  }
}
