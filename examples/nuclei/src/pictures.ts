import { type Picture, type SegmentMap, throughWindow } from '@espalier/datasets';
import { type NucleiPicture, nuclei } from '@espalier/datasets/node';

/** The side of the network's input in pixels. */
export const SIDE = 256;

/** A picture as the network sees it, red, green and blue in 256 levels each, and its nuclei. */
export interface Sample {
  readonly id: string;
  readonly width: number;
  readonly height: number;
  readonly levels: Uint8Array;
  readonly nuclei: SegmentMap;
  /** Whether the ground is bright and nuclei are darker: a stained section, not one that fluoresces. */
  readonly stained: boolean;
}

/** The shares of a picture's values that become dark and bright: between them it fills the range. */
const DARK = 0.01;
const BRIGHT = 0.998;
/** Of the fields to train on, every fifth is for validation, from this one on: of five such choices the first. */
const VALIDATION = 5;
const FIRST_HELD_OUT = 0;

/** The pictures of the fields to train on, or of the ones to test on. */
export async function samples(part: 'train' | 'test'): Promise<readonly Sample[]> {
  const examples = await nuclei({ split: part });
  return examples.map(prepare);
}

/** The fields to train on in two parts, to choose settings by the second. */
export async function validationSamples(): Promise<Record<'train' | 'validation', readonly Sample[]>> {
  const examples = await nuclei({ split: 'train' });
  const fields = [...new Set(examples.map(({ field }) => field))].sort();
  const held = new Set(fields.filter((_, index) => index % VALIDATION === FIRST_HELD_OUT));
  return {
    train: examples.filter(({ field }) => !held.has(field)).map(prepare),
    validation: examples.filter(({ field }) => held.has(field)).map(prepare),
  };
}

/**
 * A shorter side of 256 pixels, and values that fill the range. Where most of a picture is bright, its red is taken, which
 * haematoxylin absorbs and eosin lets through, and inverted: so nuclei are always brighter than the ground, and what is
 * learned from those that fluoresce helps with stained ones.
 */
function prepare({ id, picture, nuclei: map }: NucleiPicture): Sample {
  const stretched = stretch(picture);
  const stained = stretched.pixels.toSorted()[stretched.pixels.length >> 1] > 0.5;
  const dark = stained ? inverted(stretch(redOf(picture))) : stretched;
  const scale = SIDE / Math.min(picture.width, picture.height);
  const size = { width: Math.round(picture.width * scale), height: Math.round(picture.height * scale) };
  const resized = resize({ picture: dark, nuclei: map }, size);
  return {
    id,
    ...size,
    levels: Uint8Array.from(resized.picture.pixels, (value) => Math.round(255 * value)),
    nuclei: resized.nuclei,
    stained,
  };
}

/** Its red in all its channels. */
function redOf(picture: Picture): Picture {
  const { pixels, channels } = picture;
  return { ...picture, pixels: pixels.map((_, place) => pixels[place - (place % channels)]) };
}

function inverted(picture: Picture): Picture {
  return { ...picture, pixels: picture.pixels.map((value) => 1 - value) };
}

function stretch(picture: Picture): Picture {
  const sorted = picture.pixels.toSorted();
  const [low, high] = [DARK, BRIGHT].map((share) => sorted[Math.floor(share * (sorted.length - 1))]);
  const range = Math.max(high - low, 1e-3);
  const pixels = picture.pixels.map((value) => Math.min(Math.max((value - low) / range, 0), 1));
  return { ...picture, pixels };
}

/** A picture and its nuclei at another size. */
export function resize(
  { picture, nuclei: map }: { readonly picture: Picture; readonly nuclei: SegmentMap },
  size: { width: number; height: number },
): { readonly picture: Picture; readonly nuclei: SegmentMap } {
  if (picture.width === size.width && picture.height === size.height) return { picture, nuclei: map };
  const whole = { x: 0, y: 0, width: 1, height: 1 };
  const resized = throughWindow({ picture, mask: map.values }, whole, false, size);
  return {
    picture: resized.picture,
    nuclei: { ...size, values: resized.mask ?? map.values, segments: map.segments },
  };
}
