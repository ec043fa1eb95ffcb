import type { DetectedBox } from '../box.js';
import { colourOf, type PictureSize, short, textBox } from './picture.js';

/** Boxes that a head is less sure of are not drawn. */
const DRAWN_SCORE = 0.3;

/** The boxes that a head is sure enough of, each class in its colour. */
export function drawBoxes(boxes: readonly DetectedBox[], size: PictureSize): string {
  const drawn = boxes.filter(({ score }) => score >= DRAWN_SCORE);
  return drawn
    .map((box) => {
      const [x, width] = [box.x, box.width].map((side) => side * size.width);
      const [y, height] = [box.y, box.height].map((side) => side * size.height);
      return (
        `<rect x="${short(x)}" y="${short(y)}" width="${short(width)}" height="${short(height)}" fill="none" ` +
        `stroke="${colourOf(box.class)}" stroke-width="${short(Math.max(size.width, size.height) / 150)}"/>` +
        textBox(`${box.label} ${Math.round(100 * box.score)} %`, x, y, size)
      );
    })
    .join('');
}
