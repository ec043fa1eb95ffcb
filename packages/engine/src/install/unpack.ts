import { createWriteStream } from 'node:fs';
import { chmod, mkdir } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import yauzl from 'yauzl';
import type { Wheel } from './plan.js';
import type { Progress } from './progress.js';

/** Unpacks what is kept of a wheel. yauzl refuses paths that lead out of the folder. */
export async function unpack(wheel: Wheel, file: string, folder: string, progress: Progress): Promise<void> {
  const zip = await yauzl.openPromise(file);
  const stretch = progress.begin(`Unpacking ${basename(file)}`, wheel.unpacked);
  let done = 0;
  try {
    for await (const entry of zip.eachEntry()) {
      const { fileName } = entry;
      if (fileName.endsWith('/') || !isKept(wheel, fileName)) continue;
      const path = join(folder, fileName);
      await mkdir(dirname(path), { recursive: true });
      const content = await zip.openReadStreamPromise(entry);
      content.on('data', (chunk: Buffer) => {
        done += chunk.length;
        stretch.update(done);
      });
      await pipeline(content, createWriteStream(path));
      // Wheels are made on Unix: the upper half is the file's mode.
      const mode = entry.externalFileAttributes >>> 16;
      if (mode & 0o111) await chmod(path, 0o755);
    }
  } finally {
    stretch.end();
    zip.close();
  }
}

/** Headers of CUDA's wheels are for compiling with CUDA, which nobody does here. */
export function isKept({ keep }: Wheel, path: string): boolean {
  return keep.some((beginning) => path.startsWith(beginning)) && !/^nvidia\/.*\/include\//.test(path);
}
