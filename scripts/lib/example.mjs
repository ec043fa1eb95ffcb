/** Building an example and running it where the caller stands. */
import { join } from 'node:path';
import { Refusal } from './main.mjs';
import { build, install } from './prepare.mjs';
import { attached } from './run.mjs';
import { examples } from './workspace.mjs';

export function describeExamples() {
  const known = examples();
  if (known.length === 0) return 'There are no examples yet: examples/ is empty.';
  const width = Math.max(...known.map(({ name }) => name.length));
  const lines = known.map(({ name, manifest }) => `  ${name.padEnd(width)}  ${manifest.description ?? ''}`);
  return `Examples:\n${lines.join('\n')}`;
}

/** @throws Refusal when there is none of this name. */
export function findExample(name) {
  const example = examples().find((it) => it.name === name);
  if (!example) throw new Refusal(`There is no example ${JSON.stringify(name)}.\n\n${describeExamples()}`, 2);
  return example;
}

export async function runExample(name, args) {
  const example = findExample(name);
  await install();
  await build([`${example.manifest.name}...`], { ESPALIER_WITHOUT_TYPES: '1' });
  return attached([process.execPath, join(example.path, 'dist/main.js'), ...args], {
    cwd: process.env.INIT_CWD ?? process.cwd(),
  });
}
