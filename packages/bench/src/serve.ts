/** `pnpm bench serve`: requests to `espalier serve`, good ones and bad ones. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { digitScenes, mnistDigits, SCENE_SIZE } from '@espalier/datasets';
import sharp from 'sharp';
import { seeded } from './numbers.js';
import { describeMachine, machineLine, markdownTable, writeJson } from './report.js';

const { values: options } = parseArgs({
  options: {
    json: { type: 'string' },
    run: { type: 'string' },
    requests: { type: 'string', default: '1000' },
    'at-once': { type: 'string', default: '16' },
    bad: { type: 'string', default: '5000' },
    help: { type: 'boolean', default: false },
  },
});

const usage = `pnpm bench serve [options]

  --run DIR     a run of examples/digits by espalier train (trains one for an epoch)
  --requests N  how many good requests (default 1000)
  --at-once N   how many of them at a time (default 16)
  --bad N       how many bad requests, in each of three rounds (default 5000)
  --json FILE   write the figures to FILE
`;

const cli = fileURLToPath(new URL('cli.js', import.meta.resolve('espalier')));
const experiment = fileURLToPath(new URL('../../../examples/digits/espalier.config.ts', import.meta.url));

function espalier(...args: string[]): ChildProcess {
  return spawn(process.execPath, [cli, ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
}

/** The folder of a trained network; `temporary` is where one can be made. */
async function trainedRun(temporary: string): Promise<string> {
  if (options.run !== undefined) return options.run;
  const folder = join(temporary, 'run');
  const [code] = await once(espalier('train', experiment, '--epochs', '1', '--out', folder), 'close');
  if (code !== 0) throw new Error('The digits model could not be trained; name a run with --run.');
  return folder;
}

/** Test scenes as PNG files. */
async function scenePictures(count: number): Promise<Buffer[]> {
  const scenes = digitScenes({ glyphs: await mnistDigits('test'), count, seed: 1 });
  return Promise.all(
    Array.from({ length: count }, (_, index) => {
      const bytes = Uint8Array.from(scenes.at(index).pixels, (value) => Math.round(255 * value));
      const raw = { width: SCENE_SIZE, height: SCENE_SIZE, channels: 1 } as const;
      return sharp(bytes, { raw }).toColourspace('b-w').png().toBuffer();
    }),
  );
}

interface Service {
  readonly url: URL;
  stop(): Promise<number>;
}

async function start(run: string): Promise<Service> {
  const child = espalier('serve', run, '--engine', 'wasm', '--port', '0', '--timeout', '2000');
  for await (const line of createInterface({ input: child.stdout! })) {
    const [, url] = /(http:\S+)/.exec(line) ?? [];
    if (url === undefined) continue;
    const stop = async () => {
      child.kill('SIGTERM');
      const [code] = await once(child, 'close');
      return Number(code);
    };
    return { url: new URL(url), stop };
  }
  throw new Error('espalier serve ended before it served.');
}

/** Does work of numbered pieces, some at a time. */
async function inParallel(
  count: number,
  atOnce: number,
  work: (index: number) => Promise<void>,
): Promise<void> {
  let next = 0;
  await Promise.all(
    Array.from({ length: atOnce }, async () => {
      while (next < count) await work(next++);
    }),
  );
}

interface Latency {
  readonly failures: number;
  readonly perSecond: number;
  readonly p50: number;
  readonly p99: number;
  readonly largest: number;
}

async function goodRequests(
  { url }: Service,
  pictures: readonly Buffer[],
  count: number,
  atOnce: number,
): Promise<Latency> {
  const times: number[] = [];
  let failures = 0;
  const begun = performance.now();
  await inParallel(count, atOnce, async (index) => {
    const sent = performance.now();
    const body = new Uint8Array(pictures[index % pictures.length]!);
    const response = await fetch(new URL('/predict', url), {
      method: 'POST',
      headers: { 'content-type': 'image/png' },
      body,
    });
    await response.arrayBuffer();
    times.push(performance.now() - sent);
    if (response.status !== 200) failures++;
  });
  const seconds = (performance.now() - begun) / 1000;
  times.sort((a, b) => a - b);
  const quantile = (share: number) => times[Math.min(Math.ceil(share * times.length), times.length) - 1]!;
  return {
    failures,
    perSecond: count / seconds,
    p50: quantile(0.5),
    p99: quantile(0.99),
    largest: quantile(1),
  };
}

/** Bad requests of one kind: what is sent, from a source of numbers in [0, 1). */
type Kind = (random: () => number, picture: Buffer) => Buffer;

const bytes = (random: () => number, size: number) =>
  Buffer.from(Array.from({ length: size }, () => Math.floor(256 * random())));

const post = (body: Buffer, type: string, length = body.length) =>
  Buffer.concat([
    Buffer.from(
      `POST /predict HTTP/1.1\r\nhost: a\r\nconnection: close\r\ncontent-type: ${type}\r\ncontent-length: ${length}\r\n\r\n`,
    ),
    body,
  ]);

const kinds: Readonly<Record<string, Kind>> = {
  'binary garbage': (random) =>
    Buffer.concat([bytes(random, 1 + Math.floor(300 * random())), Buffer.from('\r\n\r\n')]),
  'malformed JSON': (random) => post(bytes(random, 200), 'application/json'),
  'wrong JSON': (random) =>
    post(Buffer.from(JSON.stringify({ instances: [[random()]] })), 'application/json'),
  'cut picture': (random, picture) =>
    post(picture.subarray(0, Math.floor(random() * (picture.length - 20))), 'image/png'),
  oversized: (random) => post(bytes(random, 16), 'image/png', 9e6 + Math.floor(1e9 * random())),
};

interface Answers {
  readonly refused: number;
  readonly silent: number;
  readonly other: number;
}

/** Sends bad requests; one in a hundred comes slowly: its last bytes never do. */
async function badRequests({ url }: Service, picture: Buffer, count: number, seed: number): Promise<Answers> {
  const random = seeded(seed);
  const all = Object.values(kinds);
  const answers = { refused: 0, silent: 0, other: 0 };
  await inParallel(count, 64, async (index) => {
    const whole = all[index % all.length]!(random, picture);
    const sent = index % 100 === 0 ? whole.subarray(0, Math.min(60, whole.length - 4)) : whole;
    const answer = await exchange(url, sent);
    if (/^HTTP\/1.1 4\d\d /.test(answer)) answers.refused++;
    else if (answer === '') answers.silent++;
    else answers.other++;
  });
  return answers;
}

function exchange({ hostname: host, port }: URL, sent: Buffer): Promise<string> {
  return new Promise((resolve) => {
    let answer = '';
    const socket = connect({ host, port: Number(port) }, () => socket.write(sent));
    socket.setEncoding('latin1');
    socket.on('data', (text) => {
      answer += text;
      socket.end();
    });
    socket.on('error', () => undefined);
    socket.on('close', () => resolve(answer));
  });
}

/** What the service says about its memory. */
async function memoryOf({ url }: Service) {
  const text = await (await fetch(new URL('/metrics', url))).text();
  const value = (name: string) => Number(new RegExp(`^${name} (\\S+)$`, 'm').exec(text)?.[1]);
  return {
    tensors: value('espalier_tensors'),
    heapMB: value('nodejs_heap_size_used_bytes') / 1e6,
    residentMB: value('process_resident_memory_bytes') / 1e6,
  };
}

async function measure(): Promise<void> {
  const temporary = mkdtempSync(join(tmpdir(), 'espalier-serve-'));
  try {
    const pictures = await scenePictures(100);
    const service = await start(await trainedRun(temporary));
    const [requests, atOnce, bad] = [options.requests, options['at-once'], options.bad].map(Number) as [
      number,
      number,
      number,
    ];
    await goodRequests(service, pictures, 100, atOnce);
    const good = await goodRequests(service, pictures, requests, atOnce);
    const memory = [{ after: 'good requests', ...(await memoryOf(service)) }];
    const rounds: Answers[] = [];
    for (const round of [1, 2, 3]) {
      rounds.push(await badRequests(service, pictures[0]!, bad, round));
      memory.push({ after: `${round * bad} bad requests`, ...(await memoryOf(service)) });
    }
    const after = await goodRequests(service, pictures, requests, atOnce);
    memory.push({ after: 'good requests again', ...(await memoryOf(service)) });
    const code = await service.stop();
    report({ good, after, rounds, memory, code, atOnce, requests });
  } finally {
    rmSync(temporary, { recursive: true });
  }
}

function report(figures: {
  readonly good: Latency;
  readonly after: Latency;
  readonly rounds: readonly Answers[];
  readonly memory: readonly { after: string; tensors: number; heapMB: number; residentMB: number }[];
  readonly code: number;
  readonly atOnce: number;
  readonly requests: number;
}): void {
  const { good, after, rounds, memory, code, atOnce, requests } = figures;
  const machine = describeMachine();
  const ms = (value: number) => value.toFixed(1);
  console.log(`# Serving the digits model\n\n${machineLine(machine)}\n`);
  console.log(
    `\`espalier serve\` on the WASM engine; ${requests} pictures as PNG, ${atOnce} at a time, from another process on the ` +
      'same machine.\n',
  );
  console.log(
    markdownTable(
      ['requests', 'failures', 'a second', 'p50 ms', 'p99 ms', 'largest ms', 'p99 / p50'],
      Object.entries({ good, 'good, after the bad ones': after }).map(([name, one]) => [
        name,
        String(one.failures),
        one.perSecond.toFixed(0),
        ms(one.p50),
        ms(one.p99),
        ms(one.largest),
        (one.p99 / one.p50).toFixed(1),
      ]),
    ),
  );
  console.log(
    `\nBad requests, 64 at a time: ${Object.keys(kinds).join(', ')}; one in a hundred stops in the middle, and is timed out.\n`,
  );
  console.log(
    markdownTable(
      ['round', '4xx', 'closed without an answer', 'other'],
      rounds.map(({ refused, silent, other }, index) => [
        String(index + 1),
        ...[refused, silent, other].map(String),
      ]),
    ),
  );
  console.log();
  console.log(
    markdownTable(
      ['after', 'tensors', 'heap MB', 'resident MB'],
      memory.map((one) => [one.after, String(one.tensors), ms(one.heapMB), ms(one.residentMB)]),
    ),
  );
  console.log(`\nAfter SIGTERM it ended with exit code ${code}.`);
  if (options.json !== undefined) writeJson(options.json, { machine, ...figures });
}

if (options.help) console.log(usage);
else await measure();
