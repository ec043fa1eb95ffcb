import * as tf from '@tensorflow/tfjs-core';
import { ProgramError } from '../errors.js';
import { withMethods } from './with-methods.js';

/**
 * Runs a step in which no tensor may be read: the graph of a program has no place where JavaScript could look at a
 * value. Refused on every engine, so that a program that runs on one runs on all.
 *
 * Kernels that read (tfjs-node checks the indices of `tf.gather`) ask the backend itself, and are not concerned.
 *
 * @param origin Names the operation that made a tensor, where that is known.
 */
export function withoutReads<R>(
  entry: string,
  origin: (dataId: object) => string | undefined,
  run: () => R,
): R {
  const engine = tf.engine();
  const readSync = engine.readSync.bind(engine);
  const refusal = (dataId: object, how: string) => {
    const made = origin(dataId);
    return new ProgramError(
      `entry '${entry}' reads ${made === undefined ? 'a tensor' : `the result of '${made}'`} with ${how}, and a program cannot ` +
        'be looked into while it runs. Return the tensor as an output, and read it after the call.',
    );
  };
  return withMethods(
    engine,
    {
      readSync(dataId) {
        // Data that another backend still holds moves here by being read.
        const holder = engine.state.tensorInfo.get(dataId)?.backend;
        if (holder !== undefined && holder !== engine.backend) return readSync(dataId);
        throw refusal(dataId, 'dataSync or arraySync');
      },
      read(dataId) {
        throw refusal(dataId, 'data or array');
      },
    },
    run,
  );
}
