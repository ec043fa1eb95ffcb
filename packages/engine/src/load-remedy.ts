import { installCommand } from './versions.js';

/** What to do where the system's loader refuses a library. */
export function loadRemedy(message: string): string {
  if (/GLIBC(XX)?_[\d.]+.* not found/.test(message)) {
    return "This Linux is too old for this library: take a newer one, or engine.use('wasm').";
  }
  return `Run \`${installCommand}\`: it replaces a library that does not load.`;
}
