import type { Augmentation } from './augmentation.js';
import { throughWindow } from './window.js';

/**
 * Changes left and right, of half of the pictures unless told otherwise. Landmarks keep their order, unless
 * `landmarkOrder` says which landmark stands at every place of a mirrored picture (such as the left eye at the right
 * eye's).
 */
export function flip({
  probability = 0.5,
  landmarkOrder,
}: {
  readonly probability?: number;
  readonly landmarkOrder?: readonly number[];
} = {}): Augmentation {
  return (example, random) => {
    if (random() >= probability) return example;
    const mirrored = throughWindow(example, { x: 0, y: 0, width: 1, height: 1 }, true);
    const { landmarks } = mirrored;
    if (landmarks === undefined || landmarkOrder === undefined) return mirrored;
    return { ...mirrored, landmarks: landmarkOrder.map((place) => landmarks[place]) };
  };
}

/**
 * Shows a part of the picture in the picture's size.
 *
 * @param area the least and the greatest part of the picture's area.
 * @param ratio the greatest factor by which width and height change differently.
 */
export function crop({
  area = [0.4, 1],
  ratio = 4 / 3,
}: {
  readonly area?: readonly [number, number];
  readonly ratio?: number;
} = {}): Augmentation {
  return (example, random) => {
    const side = Math.sqrt(area[0] + (area[1] - area[0]) * random());
    const stretch = Math.sqrt(ratio) ** (2 * random() - 1);
    const width = Math.min(side * stretch, 1);
    const height = Math.min(side / stretch, 1);
    return throughWindow(example, { x: random() * (1 - width), y: random() * (1 - height), width, height });
  };
}

/** Makes what is in the picture larger or smaller by a factor; what a smaller one leaves free, is grey. */
export function scale({
  factor = [0.7, 1.4],
}: {
  readonly factor?: readonly [number, number];
} = {}): Augmentation {
  return (example, random) => {
    const [least, most] = factor;
    const side = 1 / (least * (most / least) ** random());
    return throughWindow(example, {
      x: random() * (1 - side),
      y: random() * (1 - side),
      width: side,
      height: side,
    });
  };
}
