import { type Example, seededRandom } from '@espalier/core';
import {
  type Dataset,
  type DigitScene,
  digitScenes,
  mnistDigits,
  type Split,
  throughWindow,
} from '@espalier/datasets';
import type { LabelledBox } from '@espalier/vision-heads';

/** The side of a picture, as ResNet50 was published for. */
export const SIDE = 224;

/** The digits, and what is left where there is none. */
export const digits = ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9'] as const;
export const objects = [...digits, 'background'] as const;

const BACKGROUND = digits.length;
/** Every so many pictures there is one without a digit. */
const EMPTY = 8;

/** What is known about a picture: everything that the heads of both networks ask for. */
export interface PictureLabels {
  /** The largest digit; not known where there is none. */
  readonly digit: number | undefined;
  /** Which digits there are, or the background alone. */
  readonly presence: readonly number[];
  /** Where every digit is. */
  readonly boxes: readonly LabelledBox[];
}

/** Pictures of handwritten digits, 224 × 224 × 3: enlarged scenes, each in a colour of its own. */
export async function pictures(
  split: Split,
  count: number,
  seed: number,
): Promise<Dataset<Example<PictureLabels>>> {
  const scenes = digitScenes({ glyphs: await mnistDigits(split), count, seed });
  return {
    length: count,
    at: (index) =>
      index % EMPTY === EMPTY - 1 ? empty(seed + index) : picture(scenes.at(index), seed + index),
  };
}

function picture({ pixels, digits: found }: DigitScene, seed: number): Example<PictureLabels> {
  const side = Math.sqrt(pixels.length);
  const scene = { picture: { width: side, height: side, channels: 1, pixels } };
  const whole = { x: 0, y: 0, width: 1, height: 1 };
  const large = throughWindow(scene, whole, false, { width: SIDE, height: SIDE });
  return {
    input: coloured(large.picture.pixels, seed),
    labels: {
      digit: found[0].digit,
      presence: [...new Set(found.map(({ digit }) => digit))],
      boxes: found.map(({ digit, ...box }) => ({ ...box, class: digit })),
    },
  };
}

/** Noise alone. */
function empty(seed: number): Example<PictureLabels> {
  const random = seededRandom(seed);
  const grey = Float32Array.from({ length: SIDE * SIDE }, () => 0.3 * random());
  return { input: coloured(grey, seed), labels: { digit: undefined, presence: [BACKGROUND], boxes: [] } };
}

/** Three channels of a grey picture, each weaker by a factor of its own, from −1 to 1. */
function coloured(grey: Float32Array, seed: number): Float32Array {
  const random = seededRandom(seed);
  const tint = [0, 1, 2].map(() => 0.5 + 0.5 * random());
  const values = new Float32Array(3 * grey.length);
  for (const [place, value] of grey.entries()) {
    for (let channel = 0; channel < 3; channel++) values[3 * place + channel] = 2 * value * tint[channel] - 1;
  }
  return values;
}
