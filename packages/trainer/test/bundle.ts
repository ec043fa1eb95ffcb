import { fileURLToPath } from 'node:url';
import { type BuildOptions, build } from 'esbuild';

const here = fileURLToPath(new URL('.', import.meta.url));
const packages = fileURLToPath(new URL('../../', import.meta.url));

/**
 * Makes one file of a program in this folder, or several of several, so that they run without a build.
 *
 * @param external What is left out besides, to be found from where the file is.
 */
export async function bundle({
  external = [],
  ...options
}: Pick<
  BuildOptions,
  'entryPoints' | 'stdin' | 'outfile' | 'outdir' | 'splitting' | 'external'
>): Promise<void> {
  await build({
    ...options,
    absWorkingDir: here,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    // The other engines, which are not asked for.
    external: [
      '@tensorflow/tfjs-backend-wasm',
      '@tensorflow/tfjs-backend-webgpu',
      '@tensorflow/tfjs-node*',
      ...external,
    ],
    banner: {
      js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);",
    },
    alias: Object.fromEntries(
      ['core', 'engine', 'losses', 'sharing', 'vision-heads', 'trainer'].map((name) => [
        `@espalier/${name}`,
        `${packages}${name}/src`,
      ]),
    ),
    logLevel: 'error',
  });
}
