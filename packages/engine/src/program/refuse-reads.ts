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
  let refused: ProgramError | undefined;
  const refuse = (dataId: object, how: string) => {
    const made = origin(dataId);
    refused = new ProgramError(
      `entry '${entry}' reads ${made === undefined ? 'a tensor' : `the result of '${made}'`} with ${how}, and a program cannot ` +
        'be looked into while it runs. Return the tensor as an output, and read it after the call.',
    );
    return refused;
  };
  const result = withMethods(
    engine,
    {
      readSync(dataId) {
        // Data that another backend still holds moves here by being read.
        const holder = engine.state.tensorInfo.get(dataId)?.backend;
        if (holder !== undefined && holder !== engine.backend) return readSync(dataId);
        throw refuse(dataId, 'dataSync or arraySync');
      },
      read(dataId) {
        refuse(dataId, 'data or array');
        // Whoever awaits this is not waited for: the call throws below.
        return new Promise(() => {});
      },
    },
    run,
  );
  if (refused !== undefined) throw refused;
  return result;
}
