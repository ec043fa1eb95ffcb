import type { Augmentation } from './augmentation.js';

/** How far each may go from 1, either way. */
export interface ColourOptions {
  readonly brightness?: number;
  readonly contrast?: number;
  /** Of colour pictures. */
  readonly saturation?: number;
}

/** How bright people see red, green and blue (ITU-R BT.601). */
const LUMA = [0.299, 0.587, 0.114];

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
    let mean = 0;
    for (const value of pixels) mean += value / pixels.length;
    const values = new Float32Array(pixels.length);
    for (let place = 0; place < pixels.length; place += channels) {
      const grey =
        channels === 3
          ? LUMA[0] * pixels[place] + LUMA[1] * pixels[place + 1] + LUMA[2] * pixels[place + 2]
          : pixels[place];
      for (let channel = 0; channel < channels; channel++) {
        const own =
          channels === 3 ? grey + saturated * (pixels[place + channel] - grey) : pixels[place + channel];
        values[place + channel] = Math.min(Math.max(bright * (mean + contrasted * (own - mean)), 0), 1);
      }
    }
    return { ...example, picture: { ...picture, pixels: values } };
  };
}
