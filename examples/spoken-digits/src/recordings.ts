import { join } from 'node:path';
import { logMel } from '@espalier/datasets';
import { type SpokenDigit, spokenDigits } from '@espalier/datasets/node';
import { MELS } from './network.js';

/** A recording as features: [frames, MELS] in row-major order, each value the logarithm of a power. */
export interface Recording extends Pick<SpokenDigit, 'digit' | 'speaker' | 'take'> {
  readonly frames: number;
  readonly values: Float32Array;
}

/** The takes 0 to 4 are for testing, by the data set's own rule; of the others, 5 to 7 are for choosing settings. */
export const isTest = ({ take }: { readonly take: number }) => take < 5;
export const isValidation = ({ take }: { readonly take: number }) => take >= 5 && take < 8;

/** Frames of 25 ms, one every 10 ms. */
const FRAMES = { sampleRate: 8000, windowLength: 200, hopLength: 80, mels: MELS };

/** All recordings of a folder. */
export async function readRecordings(folder: string): Promise<readonly Recording[]> {
  return (await spokenDigits(folder)).map(({ samples, ...label }) => {
    const { frames, values } = logMel(samples, FRAMES);
    return { ...label, frames, values };
  });
}

/** The data set's folder: in ESPALIER_DATA, or in the folder where the example is started. */
export function recordingsFolder(): string {
  return join(process.env.ESPALIER_DATA ?? '.', 'fsdd');
}
