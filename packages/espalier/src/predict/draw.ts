import type { Heads, MultiTaskModel, Task } from '@espalier/core';
import { type PictureSize, svgPicture, type VisionHead } from '@espalier/vision-heads';
import sharp from 'sharp';
import type { ExamplePredictions } from '../predict-each.js';

/** The longer side of what is drawn, at least: labels on a small picture could not be read. */
const LEAST_SIDE = 512;
/** What an SVG's pixels are measured in. */
const SVG_DENSITY = 72;

/** A task whose head draws. */
export type Drawer = Task<string, VisionHead<unknown, unknown>>;

/** The tasks whose heads draw what they predict. */
export function drawersOf(model: MultiTaskModel<Heads>): Drawer[] {
  return model.tasks.filter((task): task is Drawer => 'draw' in task.head);
}

/** A picture with what a network says about it, as PNG: beside each other, one panel a task. */
export async function drawPredictions(
  picture: Uint8Array,
  predictions: ExamplePredictions,
  drawers: readonly Drawer[],
): Promise<Uint8Array> {
  const { data, info } = await sharp(picture).autoOrient().png().toBuffer({ resolveWithObject: true });
  const size: PictureSize = { width: info.width, height: info.height };
  const href = `data:image/png;base64,${data.toString('base64')}`;
  const panels = drawers.map(({ name, head }, index) => {
    const panel = svgPicture(href, size, [head.draw(predictions[name], size)]);
    return `<g transform="translate(${index * size.width} 0)">${panel}</g>`;
  });
  const width = drawers.length * size.width;
  const svg =
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${size.height}" width="${width}" ` +
    `height="${size.height}">${panels.join('')}</svg>`;
  const scale = Math.max(LEAST_SIDE / Math.max(size.width, size.height), 1);
  return sharp(Buffer.from(svg), { density: scale * SVG_DENSITY })
    .png()
    .toBuffer();
}
