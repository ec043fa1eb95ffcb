import { defineConfig } from 'vite';

const packages = new URL('../../packages/', import.meta.url).pathname;

/** A page for any static host: paths are relative, and TensorFlow.js is in a file of its own. */
export default defineConfig({
  base: './',
  resolve: {
    alias: [
      // The sources, so that the page needs no build of the packages; of the engine only what a browser can use.
      { find: '@espalier/engine', replacement: `${packages}engine/src/per-task-gradients.ts` },
      { find: '@espalier/losses/tensors', replacement: `${packages}losses/src/tensors.ts` },
      { find: /^@espalier\/([a-z-]+)$/, replacement: `${packages}$1/src/index.ts` },
    ],
  },
  build: {
    target: 'es2022',
    // Browsers of that age preload modules by themselves, and the page loads only WebGPU later.
    modulePreload: false,
    assetsInlineLimit: 0,
    chunkSizeWarningLimit: 2000,
    rollupOptions: {
      output: {
        codeSplitting: {
          groups: [
            { name: 'tfjs', test: /@tensorflow\/tfjs-(core|layers|backend-wasm)\/|seedrandom|long\/src/ },
          ],
        },
      },
    },
  },
});
