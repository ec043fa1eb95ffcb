import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { mkdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { homedir } from 'node:os';
import { basename, join } from 'node:path';
import { Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { EspalierError, type Weight } from '@espalier/core';
import { unzipSync } from 'fflate';
import { WeightFileError } from '../errors.js';
import { parseWeights } from './parse-weights.js';
import type { WeightSource } from './sources.js';

export interface FetchOptions {
  /** Where fetched files are kept; `$ESPALIER_CACHE/weights`, or `espalier/weights` of the user's cache, unless given. */
  readonly folder?: string;
  /** Called as bytes arrive; the total is unknown where the server does not say it. */
  readonly onProgress?: (received: number, total: number | undefined) => void;
}

/**
 * Reads a file of weights: safetensors, Keras' `.weights.h5` or `.h5`, or PyTorch's `.pth`.
 *
 * @throws WeightFileError
 */
export async function readWeights(file: string): Promise<ReadonlyMap<string, Weight>> {
  return inFile(file, async () => parseWeights(await readFile(file)));
}

/**
 * Weights of a source: from the cache, or fetched into it. The file is checked by its SHA-256 either way.
 *
 * @throws WeightFileError when it cannot be fetched, or is another file than the source says; nothing stays then.
 */
export async function fetchWeights(
  source: WeightSource,
  { folder = cacheFolder(), onProgress }: FetchOptions = {},
): Promise<ReadonlyMap<string, Weight>> {
  const file = join(folder, source.file ?? basename(source.url));
  await inFile(file, async () => {
    if (!(await exists(file))) await download(source, file, onProgress);
    const sha256 = await sha256Of(file);
    if (sha256.startsWith(source.sha256)) return;
    await rm(file);
    throw new WeightFileError(
      `has the SHA-256 ${sha256}; ${source.url} has to have ${source.sha256}. It was removed: try again.`,
    );
  });
  if (source.member === undefined) return readWeights(file);
  const { member } = source;
  return inFile(file, async () => {
    const files = unzipSync(await readFile(file), { filter: ({ name }) => name === member });
    if (files[member] === undefined) throw new WeightFileError(`holds no ${member}.`);
    return parseWeights(files[member]);
  });
}

function cacheFolder(): string {
  const { ESPALIER_CACHE: espalier, XDG_CACHE_HOME: xdg } = process.env;
  return join(espalier || join(xdg || join(homedir(), '.cache'), 'espalier'), 'weights');
}

/** Beside its place first: what is in its place is whole. */
async function download(source: WeightSource, file: string, onProgress: FetchOptions['onProgress']) {
  const response = await fetch(source.url);
  if (!response.ok || response.body === null) {
    throw new WeightFileError(`cannot be fetched: ${source.url} answers ${response.status}.`);
  }
  const total = Number(response.headers.get('content-length')) || undefined;
  let received = 0;
  const counter = new Transform({
    transform(chunk: Uint8Array, _encoding, done) {
      received += chunk.length;
      onProgress?.(received, total);
      done(null, chunk);
    },
  });
  await mkdir(join(file, '..'), { recursive: true });
  const partial = `${file}.${process.pid}.partial`;
  try {
    await pipeline(Readable.fromWeb(response.body), counter, createWriteStream(partial, { flush: true }));
    await rename(partial, file);
  } finally {
    await rm(partial, { force: true });
  }
}

async function sha256Of(file: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(file), hash);
  return hash.digest('hex');
}

async function exists(file: string): Promise<boolean> {
  return stat(file).then(
    () => true,
    () => false,
  );
}

/** Errors of reading name the file. */
async function inFile<T>(file: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    const known = cause instanceof EspalierError;
    const reason = cause instanceof Error ? describe(cause) : String(cause);
    throw new WeightFileError(`${file}: ${known ? reason : `cannot be read: ${reason}`}`, { cause });
  }
}

/** `fetch` says why it failed in the cause only. */
function describe({ message, cause }: Error): string {
  return cause instanceof Error ? `${message} (${cause.message})` : message;
}
