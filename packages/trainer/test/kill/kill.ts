import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { seededRandom } from '@espalier/core';
import { bundle } from '../bundle.js';

export const trainings = ['joint', 'weighted', 'aggregated'] as const;

/** What happened to a training that was killed over and over. */
export interface Killed {
  readonly kills: number;
  /** How many of them left a half-written checkpoint beside. */
  readonly whileWriting: number;
  /** How often it came to its end, each time with the losses of the one that was left alone. */
  readonly ends: number;
}

/**
 * Kills a training with SIGKILL at random moments from its first step on, and resumes it each time, until there were so
 * many kills and it has come to its end.
 *
 * @throws Error when a resume fails, or the losses are not those of the training that was left alone.
 */
export async function killed(name: (typeof trainings)[number], kills: number, seed: number): Promise<Killed> {
  const folder = await mkdtemp(join(tmpdir(), 'espalier-killed-'));
  try {
    const script = join(folder, 'training.mjs');
    await bundle({ entryPoints: ['kill/training.ts'], outfile: script });
    const random = seededRandom(seed);
    const alone = await run(script, name, join(folder, 'alone'));
    if (alone.signal !== null) throw new Error('the training that was left alone was killed');
    const expected = await readFile(join(folder, 'alone', 'metrics.jsonl'), 'utf8');

    const counts = { kills: 0, whileWriting: 0, ends: 0 };
    for (let attempt = 0; counts.kills < kills; attempt++) {
      const own = join(folder, `run-${attempt}`);
      for (;;) {
        const delay = counts.kills < kills ? random() * alone.milliseconds : undefined;
        const { signal } = await run(script, name, own, delay);
        if (signal === null) break;
        counts.kills++;
        if (await hasTemporary(own)) counts.whileWriting++;
      }
      const found = await readFile(join(own, 'metrics.jsonl'), 'utf8');
      if (found !== expected)
        throw new Error(`${name}, seed ${seed}: other losses after ${counts.kills} kills`);
      counts.ends++;
      await rm(own, { recursive: true });
    }
    return counts;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** @param killAfter milliseconds from the first step on. */
async function run(script: string, name: string, folder: string, killAfter?: number) {
  const { NODE_OPTIONS: _, ...env } = process.env;
  const child = spawn(process.execPath, [script, name, folder], { env, stdio: ['ignore', 'pipe', 'pipe'] });
  let errors = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    errors += text;
  });
  let began = 0;
  child.stdout.once('data', () => {
    began = performance.now();
    if (killAfter !== undefined) setTimeout(() => child.kill('SIGKILL'), killAfter);
  });
  child.stdout.resume();
  const [code, signal] = (await once(child, 'close')) as [number | null, string | null];
  if (signal === null && code !== 0) throw new Error(`${name} ended with ${code}: ${errors}`);
  return { signal, milliseconds: performance.now() - began };
}

async function hasTemporary(folder: string): Promise<boolean> {
  return (await readdir(folder)).some((file) => file.endsWith('.tmp'));
}
