import { colour, css, prepare } from './canvas.js';
import type { Point } from './problems.js';

/** Places along each side of the square where the network is asked. */
const GRID = 56;

/** The grid's places, row by row from the top left. */
export const gridPlaces = Array.from({ length: GRID * GRID }, (_, index) =>
  Float32Array.of((2 * ((index % GRID) + 0.5)) / GRID - 1, 1 - (2 * (Math.floor(index / GRID) + 0.5)) / GRID),
);

/** What the network says everywhere, softly, and the points with their true labels. */
export function drawRegions(
  canvas: HTMLCanvasElement,
  probabilities: Float32Array,
  points: readonly Point[],
  task: 'first' | 'second',
): void {
  const { context, width, height } = prepare(canvas);
  const [no, yes, panel] = [colour('no'), colour('yes'), colour('panel')];
  const picture = new ImageData(GRID, GRID);
  for (const [index, probability] of probabilities.entries()) {
    // The surer, the deeper; the border between the regions is pale.
    const [tone, depth] = probability > 0.5 ? [yes, 2 * probability - 1] : [no, 1 - 2 * probability];
    const mixed = tone.map(
      (value, channel) => panel[channel] + (value - panel[channel]) * (0.08 + 0.42 * depth),
    );
    picture.data.set([...mixed, 255], 4 * index);
  }
  const small = new OffscreenCanvas(GRID, GRID);
  small.getContext('2d')?.putImageData(picture, 0, 0);
  context.imageSmoothingQuality = 'high';
  context.drawImage(small, 0, 0, width, height);

  context.lineWidth = 1;
  context.strokeStyle = css(panel);
  for (const { x, y, labels } of points) {
    context.beginPath();
    context.arc(((x + 1) / 2) * width, ((1 - y) / 2) * height, 3.4, 0, 2 * Math.PI);
    context.fillStyle = css(labels[task] === 1 ? yes : no);
    context.fill();
    context.stroke();
  }
}
