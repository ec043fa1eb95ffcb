import { readFileSync } from 'node:fs';
import { defineConfig } from 'tsup';

interface Manifest {
  private?: boolean;
  exports?: Record<string, { types: string; default: string }>;
  bin?: Record<string, string>;
}

/** Runs in a package's folder: what is built is what its package.json exports. */
const manifest: Manifest = JSON.parse(readFileSync('package.json', 'utf8'));
const outputs = [
  ...Object.values(manifest.exports ?? {}).map((target) => target.default),
  ...Object.values(manifest.bin ?? {}),
];
const entry = Object.fromEntries(
  outputs.map((output) => {
    const name = output.replace(/^\.\/dist\//, '').replace(/\.js$/, '');
    return [name, `src/${name}.ts`];
  }),
);

/** Running an example needs no declarations, which take most of a build's time. */
const withoutTypes = process.env.ESPALIER_WITHOUT_TYPES === '1';

export default defineConfig({
  entry,
  format: 'esm',
  target: 'node20',
  platform: 'neutral',
  dts: manifest.private || withoutTypes ? false : { entry },
  clean: true,
  tsconfig: '../../tsconfig.build.json',
});
