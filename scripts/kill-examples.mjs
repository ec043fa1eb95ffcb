/**
 * Kills examples with SIGKILL at random moments and resumes them, until each was killed so often and has come to its end:
 * the losses of every network must be those of a run that was left alone. Every second moment, as chance has it, is one in
 * which a checkpoint is being written.
 *
 *     node scripts/kill-examples.mjs [--kills N] [--seed N] [--engine NAME] [--epochs N] [EXAMPLE ...]
 *
 * N kills in all (100), over the examples in turn: digits, reviews and spoken-digits unless others are named.
 */
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { findExample } from './lib/example.mjs';
import { main } from './lib/main.mjs';
import { build, install } from './lib/prepare.mjs';

/** Small checkpoints are written, flushed and renamed in about this time. */
const LONGEST_WRITE_MS = 10;

/** The losses of every network of a run, by the place of their file. */
function lossesIn(folder) {
  const files = readdirSync(folder, { recursive: true }).filter((name) => name.endsWith('metrics.jsonl'));
  return Object.fromEntries(files.sort().map((name) => [name, readFileSync(join(folder, name), 'utf8')]));
}

/** What is written beside its place at this moment. */
function unfinished(folder) {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { recursive: true }).filter((name) => name.endsWith('.safetensors.tmp'));
}

/** Waits for a checkpoint that is being written, and into the middle of it. */
async function untilWriting(folder, random, signal) {
  while (!signal.aborted && unfinished(folder).length === 0) await sleep(1);
  await sleep(random() * LONGEST_WRITE_MS);
}

/** Runs an example to its end, or until `killWhen`, which begins with its first step. */
function run(example, args, folder, killWhen) {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [join(example.path, 'dist/main.js'), ...args], {
      cwd: dirname(folder),
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    const ended = new AbortController();
    let errors = '';
    let began;
    child.stderr.setEncoding('utf8').on('data', (text) => {
      errors += text;
      if (began !== undefined || !text.includes('Engine: ')) return;
      began = performance.now();
      killWhen?.(ended.signal).then(() => child.kill('SIGKILL'));
    });
    child.once('error', reject);
    child.once('close', (code, signal) => {
      ended.abort();
      if (signal === null && code !== 0) {
        reject(new Error(`${example.name} ${args.join(' ')} ended with ${code}: ${errors.slice(-2000)}`));
      } else resolve({ killed: signal !== null, milliseconds: performance.now() - began });
    });
  });
}

async function killOver(example, kills, random, engine, epochs) {
  const parent = mkdtempSync(join(tmpdir(), 'espalier-kills-'));
  const fresh = (folder) => ['--out', folder, '--quick', '--epochs', epochs, '--engine', engine];
  const alone = join(parent, 'alone');
  const { milliseconds } = await run(example, fresh(alone), alone);
  const expected = JSON.stringify(lossesIn(alone));
  const counts = { kills: 0, whileWriting: 0, ends: 0 };
  for (let attempt = 0; counts.kills < kills; attempt++) {
    const folder = join(parent, `run-${attempt}`);
    for (;;) {
      const isBegun = existsSync(join(folder, 'options.json'));
      const killWhen = async (signal) => {
        await sleep(random() * milliseconds);
        if (random() < 0.5) await untilWriting(folder, random, signal);
      };
      const args = isBegun ? ['--resume', folder] : fresh(folder);
      const { killed } = await run(example, args, folder, counts.kills < kills ? killWhen : undefined);
      if (!killed) break;
      counts.kills += 1;
      if (unfinished(folder).length > 0) counts.whileWriting += 1;
    }
    if (JSON.stringify(lossesIn(folder)) !== expected) {
      throw new Error(`${example.name}: other losses than the run that was left alone, in ${folder}`);
    }
    counts.ends += 1;
    rmSync(folder, { recursive: true });
  }
  rmSync(parent, { recursive: true });
  return counts;
}

await main(async () => {
  const { values, positionals } = parseArgs({
    options: {
      kills: { type: 'string', default: '100' },
      seed: { type: 'string', default: '1' },
      engine: { type: 'string', default: 'auto' },
      epochs: { type: 'string', default: '3' },
    },
    allowPositionals: true,
  });
  const names = positionals.length > 0 ? positionals : ['digits', 'reviews', 'spoken-digits'];
  const chosen = names.map(findExample);
  await install();
  await build(
    chosen.map(({ manifest }) => `${manifest.name}...`),
    { ESPALIER_WITHOUT_TYPES: '1' },
  );
  // Not built yet when this script begins.
  const { seededRandom } = await import('../packages/core/dist/index.js');
  const random = seededRandom(Number(values.seed));
  const total = Number(values.kills);
  for (const [place, example] of chosen.entries()) {
    const share =
      Math.floor(((place + 1) * total) / chosen.length) - Math.floor((place * total) / chosen.length);
    const { kills, whileWriting, ends } = await killOver(
      example,
      share,
      random,
      values.engine,
      values.epochs,
    );
    console.log(
      `${example.name}: ${kills} kills, ${whileWriting} of them while a checkpoint was written; ${ends} times to the end, each ` +
        'with the losses of the run that was left alone.',
    );
  }
  return 0;
});
