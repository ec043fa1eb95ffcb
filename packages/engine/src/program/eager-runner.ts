import * as tf from '@tensorflow/tfjs-core';
import { ProgramError } from '../errors.js';
import type { Step } from './entry.js';
import { withoutReads } from './refuse-reads.js';
import type { Runner } from './runner.js';
import { withMethods } from './with-methods.js';

/**
 * Runs the entries as the functions that they are. The state is the variables themselves.
 *
 * @param random Where tfjs seeds its draws from: `Math.random` at the time of the call where there is none.
 */
export function eagerRunner(entries: ReadonlyMap<string, Step>, random: (() => number) | undefined): Runner {
  return {
    run: (entry, inputs, work) => {
      work?.();
      return tf.tidy(() => {
        const step = entries.get(entry)!;
        const outputs = withMethods(Math, { random: random ?? Math.random }, () =>
          withoutReads(
            entry,
            () => undefined,
            () => step(inputs),
          ),
        );
        // An output may be an input, or a variable, which are not the caller's to dispose.
        return Object.fromEntries(Object.entries(outputs).map(([name, tensor]) => [name, tf.clone(tensor)]));
      });
    },
    async ahead() {},
    sync() {},
    peek: (variables) => variables.map((variable) => variable.dataSync()),
    load() {},
    savedModel(entry) {
      throw new ProgramError(
        `entry '${entry}' is not traced, and only a trace can be exported. Call engine.use('native') before the program is made.`,
      );
    },
    dispose() {},
  };
}
