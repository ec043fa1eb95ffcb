/** Where the arithmetic can run, the fastest first. */
export const engineNames = ['native', 'webgpu', 'wasm', 'cpu'] as const;

/** `native`: TensorFlow's C library. `webgpu`: the browser's GPU. `wasm`: WebAssembly. `cpu`: plain JavaScript. */
export type EngineName = (typeof engineNames)[number];
