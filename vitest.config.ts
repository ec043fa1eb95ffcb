import { defineConfig } from 'vitest/config';

declare module 'vitest' {
  export interface ProvidedContext {
    engine: 'wasm' | 'cpu';
  }
}

const source = (path: string) => new URL(`./${path}`, import.meta.url).pathname;

/** These packages compute with tensors: their tests run on every engine. The others' run once. */
const onEveryEngine = [
  'packages/{core,sharing,vision-heads,nlp-heads,trainer}/test/**/*.test.ts',
  'packages/losses/test/tensors.test.ts',
];

export default defineConfig({
  resolve: {
    alias: [
      { find: /^espalier$/, replacement: source('packages/espalier/src/index.ts') },
      { find: '@espalier/core/testing', replacement: source('packages/core/src/testing/index.ts') },
      { find: /^@espalier\/([a-z-]+)\/([a-z-]+)$/, replacement: source('packages/$1/src/$2.ts') },
      { find: /^@espalier\/([a-z-]+)$/, replacement: source('packages/$1/src/index.ts') },
    ],
  },
  test: {
    pool: 'forks',
    testTimeout: 60_000,
    hookTimeout: 60_000,
    maxWorkers: '100%',
    silent: 'passed-only',
    projects: [
      {
        extends: true,
        test: {
          name: 'wasm',
          include: ['{packages,examples}/*/test/**/*.test.ts', 'scripts/test/*.test.mjs'],
          setupFiles: ['./vitest.engine.ts'],
          provide: { engine: 'wasm' },
          // Errors in sources are for `pnpm check`: here they would fail tests of other packages.
          typecheck: {
            enabled: true,
            ignoreSourceErrors: true,
            include: ['{packages,examples}/*/test/**/*.test-d.ts'],
          },
        },
      },
      {
        extends: true,
        test: {
          name: 'cpu',
          include: onEveryEngine,
          setupFiles: ['./vitest.engine.ts'],
          provide: { engine: 'cpu' },
        },
      },
    ],
  },
});
