/** The frame of every script here: one function that gives an exit code, errors said plainly. */
import { readFileSync } from 'node:fs';
import { CommandFailed } from './run.mjs';

/** A message for whoever typed the command, and no stack. */
export class Refusal extends Error {
  constructor(message, code = 1) {
    super(message);
    this.code = code;
  }
}

function checkNode() {
  const { engines } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'));
  const wanted = engines.node.replace('>=', '').split('.').map(Number);
  const found = process.versions.node.split('.').map(Number);
  const first = wanted.findIndex((part, i) => part !== found[i]);
  if (first !== -1 && found[first] < wanted[first]) {
    throw new Refusal(
      `espalier needs Node ${wanted.join('.')} or later; this is ${process.versions.node}.\n` +
        'Install the current LTS from https://nodejs.org and run the command again.',
    );
  }
}

export async function main(work) {
  try {
    checkNode();
    process.exitCode = await work();
  } catch (error) {
    if (error instanceof CommandFailed) process.stderr.write(`${error.output}\n${error.message}\n`);
    else if (error instanceof Refusal) process.stderr.write(`${error.message}\n`);
    else throw error;
    process.exitCode = error.code;
  }
}
