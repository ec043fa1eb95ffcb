import type { Dataset } from '../dataset.js';
import type { AnnotatedPicture, ObjectBox, Rectangle } from '../pictures/picture.js';
import { randomOf } from './augmentation.js';
import { throughWindow } from './window.js';

/** Where the four parts may meet, in fractions of the picture. */
const LEAST_SIDE = 0.3;

/**
 * A data set that puts parts of four examples together, the one asked for at the upper left and three others. The parts
 * meet at a random place, and each shows its picture larger or smaller. Landmarks are left out, since four pictures
 * would each have their own. A mask's numbers stay as they are: classes, not instances.
 *
 * A. Bochkovskiy, C.-Y. Wang, H.-Y. M. Liao, "YOLOv4", 2020, section 3.3 ("Mosaic").
 *
 * @param probability of how many examples this is done; the others stay as they are.
 */
export function mosaic(
  data: Dataset<AnnotatedPicture>,
  { probability = 1, seed }: { readonly probability?: number; readonly seed: number },
): Dataset<AnnotatedPicture> {
  return {
    length: data.length,
    at(index, epoch = 0) {
      const random = randomOf(seed, index, epoch);
      const own = data.at(index, epoch);
      if (random() >= probability) return own;
      const others = Array.from({ length: 3 }, () => data.at(Math.floor(random() * data.length), epoch));
      return joined([own, ...others], random);
    },
  };
}

function joined(examples: readonly AnnotatedPicture[], random: () => number): AnnotatedPicture {
  const { width, height, channels } = examples[0].picture;
  const across = Math.round(width * (LEAST_SIDE + (1 - 2 * LEAST_SIDE) * random()));
  const down = Math.round(height * (LEAST_SIDE + (1 - 2 * LEAST_SIDE) * random()));
  const pixels = new Float32Array(width * height * channels);
  const mask = examples.every((example) => example.mask) ? new Int32Array(width * height) : undefined;
  const boxes: ObjectBox[] = [];
  for (const [place, example] of examples.entries()) {
    const [left, right] = place % 2 === 0 ? [0, across] : [across, width];
    const [top, bottom] = place < 2 ? [0, down] : [down, height];
    const quarter = {
      x: left / width,
      y: top / height,
      width: (right - left) / width,
      height: (bottom - top) / height,
    };
    const part = throughWindow(example, randomWindow(quarter, random), false, {
      width: right - left,
      height: bottom - top,
    });
    for (let row = top; row < bottom; row++) {
      const from = (row - top) * (right - left);
      const to = row * width + left;
      pixels.set(
        part.picture.pixels.subarray(from * channels, (from + right - left) * channels),
        to * channels,
      );
      mask?.set(part.mask!.subarray(from, from + right - left), to);
    }
    for (const box of part.boxes ?? []) boxes.push(inside(box, quarter));
  }
  return {
    picture: { width, height, channels, pixels },
    ...(examples[0].boxes && { boxes }),
    ...(mask && { mask }),
  };
}

/** A part of a picture with a quarter's proportions, from as large as the quarter to the whole picture. */
function randomWindow({ width, height }: Rectangle, random: () => number): Rectangle {
  const factor = 1 + (1 / Math.max(width, height) - 1) * random();
  const side = { width: width * factor, height: height * factor };
  return { x: random() * (1 - side.width), y: random() * (1 - side.height), ...side };
}

function inside(box: ObjectBox, quarter: Rectangle): ObjectBox {
  return {
    ...box,
    x: quarter.x + box.x * quarter.width,
    y: quarter.y + box.y * quarter.height,
    width: box.width * quarter.width,
    height: box.height * quarter.height,
  };
}
