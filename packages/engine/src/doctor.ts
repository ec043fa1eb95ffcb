import { availableParallelism } from 'node:os';
import * as tf from '@tensorflow/tfjs-core';
import { cacheFolder, listInstalled } from './cache.js';
import { EngineError } from './errors.js';
import { thisHost } from './host.js';
import { run } from './install/run.js';
import { tryBinding } from './install/try-binding.js';
import { loadRemedy } from './load-remedy.js';
import { findNative } from './native.js';
import { findPackage, packages } from './tfjs-node.js';
import { type EngineName, engineNames, use } from './use.js';

/** Says what there is, and how fast each engine multiplies matrices; for those that do not start, why not. */
export async function examine(say: (line: string) => void): Promise<void> {
  const { platform, arch, glibc } = thisHost();
  const library = glibc ? `, glibc ${glibc}` : '';
  say(`Node ${process.versions.node} on ${platform} ${arch}${library}, ${availableParallelism()} CPUs`);
  for (const gpu of await nvidiaGpus()) say(`GPU ${gpu}`);
  say(`@tensorflow/tfjs-core ${tf.version_core}`);
  const found = packages.map(findPackage).filter((tfjsNode) => tfjsNode !== undefined);
  for (const { name, version, folder } of found) say(`${name} ${version}, in ${folder}`);
  if (found.length === 0) say(`${packages.join(', ')}: not installed`);
  say(`Cache ${cacheFolder()}: ${listInstalled().join(', ') || 'empty'}`);
  say('');
  say('engine  GFLOP/s');
  for (const engine of engineNames) say(`${engine.padEnd(6)}  ${await figure(engine)}`);
}

/** What an engine does in a second, or why it does nothing. */
async function figure(engine: EngineName): Promise<string> {
  try {
    const library = engine === 'native' ? await nativeLibrary() : '';
    await use(engine);
    return `${gigaflops().toPrecision(3).padStart(7)}  ${library}${device()}`.trimEnd();
  } catch (error) {
    if (!(error instanceof EngineError)) throw error;
    return `      –  ${error.reason}. ${error.remedy}`;
  }
}

/** A library that does not fit the host may end the process that loads it: not this one. */
async function nativeLibrary(): Promise<string> {
  const { binding } = findNative();
  const trial = await tryBinding(binding);
  if ('tensorflow' in trial) return `TensorFlow ${trial.tensorflow}`;
  throw new EngineError('native', `${binding} does not load: ${trial.problem}`, loadRemedy(trial.problem));
}

function device(): string {
  const backend = tf.backend();
  if (!('isUsingGpuDevice' in backend)) return '';
  return backend.isUsingGpuDevice ? ', on the GPU' : ', on the CPU';
}

async function nvidiaGpus(): Promise<string[]> {
  const ended = await run('nvidia-smi', [
    '--query-gpu=name,memory.total,driver_version',
    '--format=csv,noheader',
  ]);
  return ended?.code === 0 ? ended.stdout.trim().split('\n') : [];
}

/** Products of square matrices, large enough that the arithmetic is what takes the time, for one second. */
function gigaflops(): number {
  let size = 128;
  do size *= 2;
  while (size < 4096 && millisecondsFor(size, 1) < 20);
  return (2 * size ** 3) / 1e6 / millisecondsFor(size, 1000);
}

/** A product's time: the mean over as many as begin within a time. Reading a value waits for the result. */
function millisecondsFor(size: number, atLeast: number): number {
  return tf.tidy(() => {
    const matrix = tf.ones<tf.Rank.R2>([size, size]);
    const multiply = () => tf.tidy(() => void tf.slice(tf.matMul(matrix, matrix), [0, 0], [1, 1]).dataSync());
    multiply();
    const begun = performance.now();
    let count = 0;
    do {
      multiply();
      count++;
    } while (performance.now() - begun < atLeast);
    return (performance.now() - begun) / count;
  });
}
