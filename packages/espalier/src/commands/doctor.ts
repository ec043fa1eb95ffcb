import { examine } from '@espalier/engine/doctor';
import type { Command } from 'commander';
import { type InstalledPackage, installedPackages } from '../doctor/packages.js';
import { examineRun } from '../doctor/run-state.js';
import { CommandError } from '../errors.js';

const OURS = /^(@espalier\/.+|espalier|create-espalier-head)$/;
const TENSORFLOW = ['@tensorflow/tfjs-core', '@tensorflow/tfjs-layers'];

/** `espalier doctor`: what is there, and what is wrong with it. */
export function doctor(program: Command): void {
  program
    .command('doctor')
    .description('Says which engines and packages are there, and what is wrong with them, or with a run.')
    .argument('[run]', 'the folder of a run to look into')
    .addHelpText(
      'after',
      `
Ends with exit code 1 where something is wrong; an engine that is not there is not wrong.

Examples:
  espalier doctor
  espalier doctor runs/mood`,
    )
    .action(run);
}

async function run(folder: string | undefined): Promise<void> {
  const say = (line: string) => console.log(line);
  await examine(say);
  say('');
  const packages = installedPackages(process.cwd(), (name) => OURS.test(name) || TENSORFLOW.includes(name));
  for (const { name, version, folder } of packages) say(`${name} ${version}, in ${folder}`);
  if (packages.length === 0) say('No package of espalier is installed for the working directory.');
  const problems = TENSORFLOW.flatMap((name) => duplicates(packages, name));
  if (folder !== undefined) {
    say('');
    problems.push(...(await examineRun(folder, say)));
  }
  if (problems.length > 0) throw new CommandError(problems.map((problem) => `Wrong: ${problem}.`).join(' '));
}

/** Two copies of tfjs-core are two engines: tensors of one are unknown to the other. */
function duplicates(packages: readonly InstalledPackage[], wanted: string): string[] {
  const copies = packages.filter(({ name }) => name === wanted);
  if (copies.length < 2) return [];
  const places = copies.map(({ version, folder }) => `${version} in ${folder}`).join(' and ');
  return [
    `${wanted} is there ${copies.length} times (${places}); have one version of it, for example by npm dedupe`,
  ];
}
