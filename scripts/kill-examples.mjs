/**
 * Kills examples with SIGKILL at random moments and resumes them, until each was killed so often and has come to its end:
 * the losses of every network must be those of a run that was left alone.
 *
 *     node scripts/kill-examples.mjs [--kills N] [--seed N] [--engine NAME] [EXAMPLE ...]
 *
 * N kills in all (100), over the examples in turn: digits, task-families and spoken-digits unless others are named.
 */
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { parseArgs } from 'node:util';
import { findExample } from './lib/example.mjs';
import { main } from './lib/main.mjs';
import { build, install } from './lib/prepare.mjs';

/** The losses of every network of a run, by the place of their file. */
function lossesIn(folder) {
  const files = readdirSync(folder, { recursive: true }).filter((name) => name.endsWith('metrics.jsonl'));
  return Object.fromEntries(files.sort().map((name) => [name, readFileSync(join(folder, name), 'utf8')]));
}

/** Runs an example to its end, or kills it so many milliseconds after the first loss of this start. */
function run(example, args, folder, killAfter) {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [join(example.path, 'dist/main.js'), ...args], {
      cwd: dirname(folder),
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    let errors = '';
    let began;
    child.stderr.setEncoding('utf8').on('data', (text) => {
      errors += text;
      if (began !== undefined || !text.includes('Engine: ')) return;
      began = performance.now();
      if (killAfter !== undefined) setTimeout(() => child.kill('SIGKILL'), killAfter);
    });
    child.once('error', reject);
    child.once('close', (code, signal) => {
      if (signal === null && code !== 0) {
        reject(new Error(`${example.name} ${args.join(' ')} ended with ${code}: ${errors.slice(-2000)}`));
      } else resolve({ killed: signal !== null, milliseconds: performance.now() - began });
    });
  });
}

async function killOver(example, kills, random, engine) {
  const parent = mkdtempSync(join(tmpdir(), 'espalier-kills-'));
  const fresh = (folder) => ['--out', folder, '--quick', '--epochs', '1', '--engine', engine];
  const alone = join(parent, 'alone');
  const { milliseconds } = await run(example, fresh(alone), alone);
  const expected = JSON.stringify(lossesIn(alone));
  const counts = { kills: 0, whileWriting: 0, ends: 0 };
  for (let attempt = 0; counts.kills < kills; attempt++) {
    const folder = join(parent, `run-${attempt}`);
    for (;;) {
      const isBegun = existsSync(join(folder, 'options.json'));
      const killAfter = counts.kills < kills ? random() * milliseconds : undefined;
      const { killed } = await run(
        example,
        isBegun ? ['--resume', folder] : fresh(folder),
        folder,
        killAfter,
      );
      if (!killed) break;
      counts.kills += 1;
      const left = existsSync(folder) ? readdirSync(folder, { recursive: true }) : [];
      if (left.some((name) => name.endsWith('.tmp'))) counts.whileWriting += 1;
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
    },
    allowPositionals: true,
  });
  const names = positionals.length > 0 ? positionals : ['digits', 'task-families', 'spoken-digits'];
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
    const { kills, whileWriting, ends } = await killOver(example, share, random, values.engine);
    console.log(
      `${example.name}: ${kills} kills, ${whileWriting} of them while something was written; ${ends} times to the end, each ` +
        'with the losses of the run that was left alone.',
    );
  }
  return 0;
});
