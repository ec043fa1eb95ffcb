/** Unused files, exports and dependencies. What a package exports is where its use begins. */
import { members, outputs, sourceOf } from './scripts/lib/workspace.mjs';

const workspace = ({ folder, manifest }) => [
  folder,
  {
    entry: [
      ...outputs(manifest).map(sourceOf),
      'test/**/*.{test,test-d}.ts',
      'test/kill/{training,worker}.ts',
      'test/cluster/{chief,bereaved-chief,examples}.ts',
      'espalier.config.ts',
    ],
    project: ['{src,test}/**'],
  },
];

export default {
  // The trainer's report reads the files of the first, the engine looks for the second, and its scripts compile with
  // the third; nothing in src/ imports them.
  ignoreDependencies: ['uplot', '@tensorflow/tfjs-node-gpu', 'assemblyscript'],
  // What Debian has.
  ignoreBinaries: ['mount', 'umount', 'unshare'],
  workspaces: {
    '.': {
      entry: [
        'scripts/*.mjs',
        'scripts/{pack-test,programs,test}/*',
        'vitest.*.ts',
        'docs/.vitepress/config.ts',
      ],
      project: ['scripts/**', '*.ts'],
      // Started by scripts/, and what the pack test's programs find in their own projects.
      ignoreDependencies: [
        '@arethetypeswrong/cli',
        'dependency-cruiser',
        'publint',
        'turbo',
        'typedoc.*',
        '@espalier/.*',
        '@tensorflow/.*',
      ],
    },
    ...Object.fromEntries([...members('packages'), ...members('examples')].map(workspace)),
    'examples/playground': {
      entry: ['index.html', 'vite.config.ts', 'test/**/*.test.ts'],
      project: ['{src,test}/**'],
      // vite.config.ts takes its sources by path.
      ignoreDependencies: ['@espalier/engine'],
    },
    // What it is developed with are the ranges for new heads, whose sources are its template.
    'packages/create-head': {
      entry: ['src/cli.ts', 'test/**/*.test.ts'],
      project: ['{src,test}/**'],
      ignore: ['template/**'],
      ignoreDependencies: ['.*'],
    },
  },
};
