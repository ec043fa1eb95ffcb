/** Where the arithmetic can run, the fastest first. */
export const engineNames = ['native', 'wasm', 'cpu'] as const;

/** `native`: TensorFlow's C library. `wasm`: WebAssembly. `cpu`: plain JavaScript. */
export type EngineName = (typeof engineNames)[number];
