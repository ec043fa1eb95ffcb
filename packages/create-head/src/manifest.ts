import { readFileSync } from 'node:fs';
import type { Choices, Domain, Kind } from './choices.js';
import type { Names } from './names.js';

/** Packed packages of espalier, by name: where they lie in the new package. What is not here is in the registry. */
export type Tarballs = ReadonlyMap<string, { readonly path: string; readonly version: string }>;

const own = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));

/** The ranges that this version of the generator is released and tested with: those of its own development. */
const ranges: Readonly<Record<string, string>> = own.devDependencies;

const peers = ['@espalier/core', '@tensorflow/tfjs-core', '@tensorflow/tfjs-layers'];
const tools = [
  '@espalier/datasets',
  '@espalier/engine',
  '@espalier/losses',
  '@espalier/sharing',
  '@espalier/trainer',
  '@types/node',
  'tsx',
  'typescript',
  'vitest',
];
const sources: Readonly<Record<Domain, readonly string[]>> = {
  vision: ['mnist'],
  text: ['cmu-pronouncing-dictionary'],
  sound: [],
};

/** What the generated heads say about an example, in a sentence's end. */
export const kindInWords: Readonly<Record<Kind, string>> = {
  classification: 'one of several classes an example',
  dense: 'one of several classes for every place of an example',
  sequence: 'a sequence of symbols read from an example',
};

/** The package.json of a new head. */
export function manifest({ domain, kind }: Choices, names: Names, tarballs: Tarballs): object {
  const wanted = [...peers, ...tools, ...sources[domain]].sort();
  return {
    name: names.package,
    version: '0.1.0',
    description: `A task head for espalier: ${kindInWords[kind]}`,
    keywords: ['espalier-head', 'multi-task learning', 'tensorflow.js'],
    license: 'Apache-2.0',
    type: 'module',
    sideEffects: false,
    engines: { node: '>=20.19' },
    exports: { '.': { types: './dist/index.d.ts', default: './dist/index.js' } },
    files: ['dist'],
    scripts: {
      build: 'tsc --project tsconfig.build.json',
      test: 'tsc && vitest run',
      demo: 'tsx demo/main.ts',
      prepack: 'npm run build',
    },
    peerDependencies: Object.fromEntries(
      peers.map((name) => [name, tarballs.has(name) ? `^${tarballs.get(name)?.version}` : ranges[name]]),
    ),
    devDependencies: Object.fromEntries(
      wanted.map((name) => [name, tarballs.has(name) ? `file:${tarballs.get(name)?.path}` : ranges[name]]),
    ),
  };
}
