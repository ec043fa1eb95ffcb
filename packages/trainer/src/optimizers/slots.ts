import type * as tf from '@tensorflow/tfjs-core';
import { zerosVariable } from '../zeros-variable.js';
import type { NamedWeights } from './optimizer.js';

/** A slot of zeros for every weight. */
export function zeroSlots(weights: NamedWeights): Map<string, tf.Variable> {
  return new Map([...weights].map(([name, weight]) => [name, zerosVariable(weight)]));
}

/** The same slots, told apart from others by a word before their names. */
export function named(word: string, slots: ReadonlyMap<string, tf.Variable>): [string, tf.Variable][] {
  return [...slots].map(([name, slot]) => [`${word}/${name}`, slot]);
}
