import type { Augmentation } from './augmentation.js';

/** How far each may go from 1, either way. */
export interface ColourOptions {
  readonly brightness?: number;
  readonly contrast?: number;
  /** Of colour pictures. */
  readonly saturation?: number;
}

/** How bright people see red, green and blue (ITU-R BT.601). */
const RED = 0.299;
const GREEN = 0.587;
const BLUE = 0.114;

/** Changes brightness, contrast and saturation by random factors; annotations stay. Values stay from 0 to 1. */
export function colour({
  brightness = 0.3,
  contrast = 0.3,
  saturation = 0.3,
}: ColourOptions = {}): Augmentation {
  return (example, random) => {
    const { picture } = example;
    const { pixels, channels } = picture;
    const factor = (range: number) => 1 + range * (2 * random() - 1);
    const [bright, contrasted, saturated] = [factor(brightness), factor(contrast), factor(saturation)];
    let sum = 0;
    for (let place = 0; place < pixels.length; place++) sum += pixels[place];
    const mean = sum / pixels.length;
    const gain = bright * contrasted;
    const offset = bright * mean * (1 - contrasted);
    const values = new Float32Array(pixels.length);
    if (channels === 3) {
      // One line a channel: a loop takes three times as long.
      for (let place = 0; place < pixels.length; place += 3) {
        const red = pixels[place];
        const green = pixels[place + 1];
        const blue = pixels[place + 2];
        const grey = gain * (1 - saturated) * (RED * red + GREEN * green + BLUE * blue) + offset;
        values[place] = within(grey + gain * saturated * red);
        values[place + 1] = within(grey + gain * saturated * green);
        values[place + 2] = within(grey + gain * saturated * blue);
      }
    } else {
      for (let place = 0; place < pixels.length; place++)
        values[place] = within(gain * pixels[place] + offset);
    }
    return { ...example, picture: { ...picture, pixels: values } };
  };
}

function within(value: number): number {
  return Math.min(Math.max(value, 0), 1);
}
