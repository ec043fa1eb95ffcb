import type { ExampleOf, Predictions } from '@espalier/core';
import { SCENE_SIZE } from '@espalier/datasets';
import type { Box } from '@espalier/vision-heads';
import sharp from 'sharp';
import type { DigitHeads } from './network.js';

/** Boxes that the network is less sure of are not drawn. */
const LEAST_SCORE = 0.3;

/** Scenes with what is true and what the network says, as HTML. */
export async function gallery(
  scenes: readonly ExampleOf<DigitHeads>[],
  predictions: Predictions<DigitHeads>,
): Promise<string> {
  const figures = await Promise.all(
    scenes.map(async ({ input, labels }, index) => {
      const { label, probabilities, index: predicted } = predictions.largest[index];
      const found = predictions.digits[index].filter(({ score }) => score >= LEAST_SCORE);
      const right = predicted === labels.largest;
      const sure = Math.round(100 * probabilities[predicted]);
      return `<figure class="scene">
<svg viewBox="0 0 ${SCENE_SIZE} ${SCENE_SIZE}" role="img" aria-label="Scene ${index}">
<image href="${await picture(input)}" width="${SCENE_SIZE}" height="${SCENE_SIZE}"/>
${(labels.digits ?? []).map((box) => rectangle(box, 'true')).join('')}${found.map((box) => rectangle(box, 'found')).join('')}
</svg>
<figcaption class="${right ? 'right' : 'wrong'}">largest: ${labels.largest}, predicted ${label} (${sure} %)</figcaption>
</figure>`;
    }),
  );
  return `<style>${STYLE}</style>
<p>Dashed: where the digits are. Solid: where the network finds one, with at least ${100 * LEAST_SCORE} % certainty.</p>
<div class="gallery">${figures.join('\n')}</div>`;
}

async function picture(pixels: Float32Array): Promise<string> {
  const bytes = Uint8Array.from(pixels, (value) => Math.round(255 * value));
  const png = await sharp(bytes, { raw: { width: SCENE_SIZE, height: SCENE_SIZE, channels: 1 } })
    .png()
    .toBuffer();
  return `data:image/png;base64,${png.toString('base64')}`;
}

function rectangle(box: Box, kind: 'true' | 'found'): string {
  const [x, y, width, height] = [box.x, box.y, box.width, box.height].map((side) =>
    (side * SCENE_SIZE).toFixed(2),
  );
  return `<rect class="${kind}" x="${x}" y="${y}" width="${width}" height="${height}"/>`;
}

const STYLE = `
.gallery { display: grid; grid-template-columns: repeat(auto-fill, minmax(170px, 1fr)); gap: 1rem; }
.scene svg { width: 100%; background: #000; } .scene image { image-rendering: pixelated; }
.scene rect { fill: none; stroke-width: .8; } .scene .true { stroke: #7ddc9a; stroke-dasharray: 2 1.4; }
.scene .found { stroke: #ff9d4d; } .scene figcaption { font-weight: 400; font-size: .85rem; }
.wrong { color: #a3271d; } .wrong::before { content: '✗ '; } .right::before { content: '✓ '; }
`;
