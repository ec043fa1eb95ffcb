import { expect, test } from 'vitest';
import { manifestProblems, untestedPeers } from '../lib/manifests.mjs';
import { lowest } from '../lib/project.mjs';
import { publicPackages } from '../lib/workspace.mjs';

test.each(publicPackages())('$manifest.name says what a published package has to say', (member) => {
  expect(manifestProblems(member)).toEqual([]);
});

test.each(publicPackages())("$manifest.name is tested with its peers' lowest versions", (member) => {
  expect(untestedPeers(member)).toEqual([]);
});

test('a script that runs on installation is noticed, and so is a release without provenance', () => {
  const [{ manifest, ...member }] = publicPackages();
  const broken = { ...manifest, scripts: { postinstall: 'node x.js' }, publishConfig: { access: 'public' } };
  expect(manifestProblems({ ...member, manifest: broken })).toEqual([
    expect.stringContaining('postinstall'),
    expect.stringContaining('provenance'),
  ]);
});

test('a peer whose lowest version is not tested is noticed', () => {
  const member = publicPackages().find(({ manifest }) => manifest.name === '@espalier/core');
  const peerDependencies = { '@tensorflow/tfjs-core': '^4.20.0' };
  expect(untestedPeers({ ...member, manifest: { ...member.manifest, peerDependencies } })).toEqual([
    '@espalier/core allows @tensorflow/tfjs-core ^4.20.0, but is tested with 4.22.0.',
  ]);
});

test('the lowest version of a range', () => {
  expect(['^4.22.0', '~1.2.3', '>=2.0.0', '3.1.0'].map(lowest)).toEqual([
    '4.22.0',
    '1.2.3',
    '2.0.0',
    '3.1.0',
  ]);
});
