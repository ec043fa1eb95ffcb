import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DatasetError } from './errors.js';
import { decodeWav } from './wav.js';

/** Somebody says a digit. */
export interface SpokenDigit {
  /** 8,000 samples a second, from −1 to 1. */
  readonly samples: Float32Array;
  readonly digit: number;
  readonly speaker: string;
  /** The how manieth time that this speaker says this digit, from 0. */
  readonly take: number;
}

const SOURCE = 'https://github.com/Jakobovski/free-spoken-digit-dataset';
const SAMPLE_RATE = 8000;

/**
 * The Free Spoken Digit Dataset (Z. Jackson and contributors, CC BY-SA 4.0), in the order of its files' names. Takes 0
 * to 4 are its test part, by its own rule.
 *
 * @param folder with the files in `recordings/`, such as a clone of the data set's repository.
 * @throws DatasetError when the folder has no recordings, or one is not what its name says.
 */
export async function spokenDigits(folder: string): Promise<readonly SpokenDigit[]> {
  const recordings = join(folder, 'recordings');
  const files = await readdir(recordings).catch((cause: unknown) => {
    throw new DatasetError(
      `There is no folder ${recordings}. Get the recordings: git clone ${SOURCE} ${folder}`,
      {
        cause,
      },
    );
  });
  const named = files.sort().flatMap((file) => {
    const parts = /^(\d)_([a-z]+)_(\d+)\.wav$/.exec(file);
    return parts === null
      ? []
      : [{ file, digit: Number(parts[1]), speaker: parts[2], take: Number(parts[3]) }];
  });
  if (named.length === 0) {
    throw new DatasetError(
      `${recordings} has no file with a name such as 7_jackson_32.wav. Get the recordings: git clone ${SOURCE} ${folder}`,
    );
  }
  return Promise.all(
    named.map(async ({ file, ...label }) => {
      const path = join(recordings, file);
      const { sampleRate, channels } = decodeWav(await readFile(path), path);
      if (sampleRate !== SAMPLE_RATE || channels.length !== 1) {
        throw new DatasetError(
          `${path}: has ${channels.length} channels at ${sampleRate} Hz; expected one at ${SAMPLE_RATE} Hz.`,
        );
      }
      return { ...label, samples: channels[0] };
    }),
  );
}
