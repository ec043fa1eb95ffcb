import { TaskError } from '@espalier/core';
import type { LabelledBox } from './box.js';
import { checkIndex } from './indices.js';

/** @throws TaskError when a box is not of one of so many classes, has no area, or is not inside the picture. */
export function checkBox(box: LabelledBox, classes: number, task: string): void {
  const { x, y, width, height } = box;
  checkIndex(box.class, classes, { task, found: 'a box of the class index' });
  // A hair's breadth over the edge is the rounding of whoever divided by the picture's size.
  const inside = x >= -1e-6 && y >= -1e-6 && x + width <= 1 + 1e-6 && y + height <= 1 + 1e-6;
  if (!(inside && width > 0 && height > 0)) {
    throw new TaskError(
      task,
      `found a box with x ${x}, y ${y}, width ${width}, height ${height}; expected one with an area and inside the ` +
        'picture, in fractions of its width and height.',
    );
  }
}
