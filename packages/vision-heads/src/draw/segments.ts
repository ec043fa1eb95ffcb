import type { PixelMap } from '../label-map.js';
import { outlines } from './outlines.js';
import { colourOf, type PictureSize } from './picture.js';

/** Every part of a map, each in its colour, as a layer over a picture; 0 stays empty. */
export function drawSegments(
  map: PixelMap,
  size: PictureSize,
  { opacity, stroke }: { readonly opacity: number; readonly stroke: number },
): string {
  const scale = `scale(${size.width / map.width}, ${size.height / map.height})`;
  const paths = [...outlines(map, 0)].map(
    ([value, d]) =>
      `<path d="${d}" fill="${colourOf(value)}" fill-opacity="${opacity}" stroke="${colourOf(value)}" stroke-width="${stroke}"/>`,
  );
  return `<g transform="${scale}">${paths.join('')}</g>`;
}
