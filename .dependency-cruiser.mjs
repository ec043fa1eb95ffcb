import { members } from './scripts/lib/workspace.mjs';

/** Which way imports may point. Sources only: a test may use what it needs to show something whole. */

/** Of our packages, what each may import. One that is not here may import none of them. */
const mayImport = {
  core: [],
  engine: [],
  datasets: [],
  sharing: ['core'],
  losses: ['core'],
  backbones: ['core'],
  'vision-heads': ['core'],
  'nlp-heads': ['core'],
  trainer: ['core', 'losses', 'engine'],
  bench: [
    'backbones',
    'core',
    'datasets',
    'engine',
    'losses',
    'nlp-heads',
    'sharing',
    'trainer',
    'vision-heads',
  ],
  'create-head': [],
  espalier: [
    'core',
    'engine',
    'sharing',
    'losses',
    'backbones',
    'vision-heads',
    'nlp-heads',
    'trainer',
    'datasets',
  ],
};

const anyOf = (names) => `(${names.join('|')})`;
const sources = (name) => `^packages/${name}/src/`;

const directions = Object.entries(mayImport).map(([name, allowed]) => ({
  name: `${name}-imports-${allowed.length > 0 ? `only-${allowed.join('-')}` : 'nothing-of-ours'}`,
  severity: 'error',
  from: { path: sources(name) },
  to: { path: ['^packages/', '^@espalier/'], pathNot: `^packages/${anyOf([name, ...allowed])}/` },
}));

/** What comes with a package or an example when it is installed, by package.json. */
const declared = [...members('packages'), ...members('examples')].map(({ name: self, folder, manifest }) => {
  const names = Object.keys({ ...manifest.dependencies, ...manifest.peerDependencies });
  const ours = names
    .filter((name) => name.startsWith('@espalier/'))
    .map((name) => name.slice('@espalier/'.length));
  return {
    name: `${folder}-declares-what-it-imports`,
    severity: 'error',
    from: { path: `^${folder}/src/` },
    to: { path: '^packages/', pathNot: `^packages/${anyOf([self, ...ours])}/` },
  };
});

export default {
  forbidden: [
    ...directions,
    ...declared,
    {
      name: 'package-without-a-direction',
      comment: 'Say in .dependency-cruiser.mjs what this package may import.',
      severity: 'error',
      from: { path: sources('([^/]+)'), pathNot: sources(anyOf(Object.keys(mayImport))) },
      to: { path: ['^packages/', '^@espalier/'], pathNot: '^packages/$1/' },
    },
    {
      name: 'package-by-name',
      comment:
        'A package is imported by its name: its sources are not beside the ones that import it once installed.',
      severity: 'error',
      from: { path: '^(packages|examples)/([^/]+)/src/' },
      to: { path: '^packages/', pathNot: '^$1/$2/', dependencyTypesNot: ['aliased'] },
    },
    {
      name: 'package-imports-example',
      severity: 'error',
      from: { path: '^packages/' },
      to: { path: '^examples/' },
    },
    { name: 'no-cycles', severity: 'error', from: {}, to: { circular: true } },
    { name: 'resolvable', severity: 'error', from: { path: '/(src|test)/' }, to: { couldNotResolve: true } },
    {
      name: 'source-imports-test',
      severity: 'error',
      from: { path: '^(packages|examples)/[^/]+/src/' },
      to: { path: '/test/' },
    },
    {
      name: 'source-imports-dev-dependency',
      comment:
        'Whoever installs the package does not get it: make it a dependency or a peer. tsup bundles pure-rand into ' +
        'core, which needs a fortieth of it.',
      severity: 'error',
      from: { path: '^packages/[^/]+/src/' },
      to: {
        dependencyTypes: ['npm-dev'],
        dependencyTypesNot: ['npm', 'npm-peer', 'npm-optional'],
        pathNot: '/pure-rand/',
      },
    },
    {
      name: 'undeclared-dependency',
      severity: 'error',
      from: { path: '^(packages|examples)/[^/]+/src/' },
      to: {
        dependencyTypes: ['npm-no-pkg', 'npm-unknown'],
        dependencyTypesNot: ['npm', 'npm-peer', 'npm-optional', 'npm-dev'],
      },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '^(packages|examples)/[^/]+/(dist|runs|template)/' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'node', 'default', 'types'],
    },
  },
};
