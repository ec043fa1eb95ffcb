import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { messageOf } from '@espalier/core';
import { FileError, readCheckpoint, readWeights } from '@espalier/trainer/node';
import { findBegunRun } from '../begun-run.js';

const CHECKPOINT = /^step-(\d+)\.safetensors$/;
const WEIGHTS = /^(model|best)\.safetensors$/;

/**
 * Says what is in the folder of a run, and what can be done with it.
 *
 * @returns what is wrong.
 */
export async function examineRun(folder: string, say: (line: string) => void): Promise<string[]> {
  if (!existsSync(folder)) return [`there is no folder ${folder}; name the folder of a run`];
  if (!statSync(folder).isDirectory()) return [`${folder} is no folder; name the folder of a run`];
  const run = findBegunRun(folder);
  if (run === undefined) {
    return [`${folder} has no options.json, so espalier train did not begin it; name the folder of a run`];
  }
  say(
    `Run of ${run.experiment}, in ${run.file}: ${run.epochs} epochs, seed ${run.seed}, engine ${run.engine}`,
  );
  const problems: string[] = existsSync(run.file) ? [] : [`${run.file} is gone; name it with --experiment`];

  const names = readdirSync(folder).sort();
  const whole: string[] = [];
  for (const name of names.filter((name) => CHECKPOINT.test(name) || WEIGHTS.test(name))) {
    try {
      const file = join(folder, name);
      if (WEIGHTS.test(name)) await readWeights(file);
      else await readCheckpoint(file);
      whole.push(name);
      say(`${name}: whole`);
    } catch (error) {
      if (!(error instanceof FileError)) throw error;
      problems.push(`${messageOf(error)} Delete it: the others serve`);
    }
  }
  say(`metrics.jsonl: ${countLines(join(folder, 'metrics.jsonl'))} steps`);
  if (whole.includes('model.safetensors')) say(`Finished. Use it: espalier predict ${folder} FILES`);
  else if (whole.some((name) => CHECKPOINT.test(name))) {
    say(`Not finished. Go on: espalier train --resume ${folder}`);
  } else
    problems.push(`${folder} has no whole checkpoint. Begin anew: espalier train ${run.file} --out ANOTHER`);
  return problems;
}

function countLines(file: string): number {
  return existsSync(file) ? readFileSync(file, 'utf8').split('\n').length - 1 : 0;
}
