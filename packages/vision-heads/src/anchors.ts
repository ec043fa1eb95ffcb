import type { Box } from './box.js';
import type { PictureSize } from './draw/picture.js';

/** The side of a level's smallest square anchor, in strides. */
const SIDE = 4;
/** How much larger the anchors of a level become, up to the next level. */
const SCALES = [1, 2 ** (1 / 3), 2 ** (2 / 3)];
/** Height by width. */
const RATIOS = [0.5, 1, 2];

/** The anchors around every cell. */
export const ANCHORS_A_CELL = SCALES.length * RATIOS.length;

/** The cells of a level with this stride in pixels: as convolutions with padding leave them. */
export function levelSize({ width, height }: PictureSize, stride: number): PictureSize {
  return { width: Math.ceil(width / stride), height: Math.ceil(height / stride) };
}

/**
 * The anchors of a pyramid, in fractions of the picture: around the middle of every cell, row by row, three ratios with
 * three scales each; level after level. Those at the edge reach over it.
 *
 * T.-Y. Lin et al., "Focal Loss for Dense Object Detection", ICCV 2017, section 4 ("Anchors").
 *
 * @param size the picture's, in pixels.
 * @param strides the pixels from one cell of a level to the next.
 */
export function pyramidAnchors(size: PictureSize, strides: readonly number[]): readonly Box[] {
  return strides.flatMap((stride) => levelAnchors(size, stride));
}

function levelAnchors(size: PictureSize, stride: number): Box[] {
  const sides = RATIOS.flatMap((ratio) =>
    SCALES.map((scale) => {
      const side = SIDE * stride * scale;
      return { width: side / Math.sqrt(ratio) / size.width, height: (side * Math.sqrt(ratio)) / size.height };
    }),
  );
  const cells = levelSize(size, stride);
  return Array.from({ length: cells.width * cells.height }, (_, cell) => {
    const middleX = (((cell % cells.width) + 0.5) * stride) / size.width;
    const middleY = ((Math.floor(cell / cells.width) + 0.5) * stride) / size.height;
    return sides.map(({ width, height }) => ({
      x: middleX - width / 2,
      y: middleY - height / 2,
      width,
      height,
    }));
  }).flat();
}
