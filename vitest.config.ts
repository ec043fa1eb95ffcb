import { defineConfig } from 'vitest/config';

const source = (path: string) => new URL(`./${path}`, import.meta.url).pathname;

export default defineConfig({
  resolve: {
    alias: [
      { find: '@espalier/core/testing', replacement: source('packages/core/src/testing/index.ts') },
      { find: /^@espalier\/([a-z-]+)$/, replacement: source('packages/$1/src/index.ts') },
    ],
  },
  test: {
    pool: 'forks',
    include: ['{packages,examples}/*/test/**/*.test.ts'],
    // Errors in sources are for `pnpm check`: here they would fail tests of other packages.
    typecheck: {
      enabled: true,
      ignoreSourceErrors: true,
      include: ['{packages,examples}/*/test/**/*.test-d.ts'],
    },
    testTimeout: 60_000,
    maxWorkers: '100%',
    silent: 'passed-only',
  },
});
