import { EspalierError } from '@espalier/core';

/** A sharing strategy was asked for something that it cannot do; `message` names the option, and what fits. */
export class SharingError extends EspalierError {
  override readonly name = 'SharingError';
}

/** @throws SharingError when an option that counts something is not a whole number from `least`. */
export function checkCount(option: string, value: number, least: number): void {
  if (!Number.isInteger(value) || value < least) {
    throw new SharingError(`\`${option}\` is ${value}; it has to be a whole number from ${least}.`);
  }
}
