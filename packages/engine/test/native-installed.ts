import { EngineError } from '../src/errors.js';
import { tryBinding } from '../src/install/try-binding.js';
import { findNative } from '../src/native.js';

/** Can tests run on native here? Where they cannot, says why they are skipped. */
export async function isNativeInstalled(): Promise<boolean> {
  try {
    const { binding } = findNative();
    const trial = await tryBinding(binding);
    if ('tensorflow' in trial) return true;
    console.warn(`Skipping the tests on native: ${trial.problem}`);
  } catch (error) {
    if (!(error instanceof EngineError)) throw error;
    console.warn(`Skipping the tests on native: ${error.message}`);
  }
  return false;
}
