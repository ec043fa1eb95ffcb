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

/** @throws SharingError when an option that is a factor of a loss is negative or not finite. */
export function checkFactor(option: string, value: number): void {
  if (!(Number.isFinite(value) && value >= 0)) {
    throw new SharingError(`\`${option}\` is ${value}; it has to be a finite number from 0.`);
  }
}

/** @throws SharingError when an option that is a share is not from 0 to 1. */
export function checkShare(option: string, value: number): void {
  if (!(value >= 0 && value <= 1)) {
    throw new SharingError(`\`${option}\` is ${value}; it has to be from 0 to 1.`);
  }
}
